package sqlstore

import "slices"

// invariants are those between rows, told by what breaks them.
var invariants = slices.Concat(ofCoupons, ofMoney)

// ofCoupons are those of coupons, orders and replies.
var ofCoupons = []check{
	// Campaigns and their counts.
	{"campaigns", `SELECT c.id, 'has issued ' || c.issued || ' coupons, ' || COALESCE(k.n, 0) || ' are there'
		FROM campaigns c LEFT JOIN (SELECT campaign_id, count(*) AS n FROM coupons GROUP BY campaign_id) k ON k.campaign_id = c.id
		WHERE c.issued <> COALESCE(k.n, 0) ORDER BY 1`},
	{"campaigns", `SELECT id, 'has issued ' || issued || ' coupons of ' || quantity FROM campaigns WHERE issued > quantity ORDER BY 1`},
	{"campaign_shares", `SELECT s.campaign_id || ' ' || s.customer_id, 'counts ' || s.issued || ' coupons, ' || COALESCE(k.n, 0) || ' are there'
		FROM campaign_shares s LEFT JOIN (SELECT campaign_id, customer_id, count(*) AS n FROM coupons GROUP BY campaign_id, customer_id) k
			ON k.campaign_id = s.campaign_id AND k.customer_id = s.customer_id
		WHERE s.issued <> COALESCE(k.n, 0) ORDER BY 1`},
	{"campaign_shares", `SELECT k.campaign_id || ' ' || k.customer_id, 'is missing, ' || k.n || ' coupons are there'
		FROM (SELECT campaign_id, customer_id, count(*) AS n FROM coupons GROUP BY campaign_id, customer_id) k
		LEFT JOIN campaign_shares s ON s.campaign_id = k.campaign_id AND s.customer_id = k.customer_id
		WHERE s.campaign_id IS NULL ORDER BY 1`},
	{"campaign_shares", `SELECT s.campaign_id || ' ' || s.customer_id, 'counts ' || s.issued || ' coupons, ' || c.per_customer || ' are allowed'
		FROM campaign_shares s JOIN campaigns c ON c.id = s.campaign_id WHERE s.issued > c.per_customer ORDER BY 1`},
	{"campaign_shares", `SELECT s.campaign_id || ' ' || s.customer_id, 'is of no campaign'
		FROM campaign_shares s LEFT JOIN campaigns c ON c.id = s.campaign_id WHERE c.id IS NULL ORDER BY 1`},

	// Coupons: used if and only if a confirmed redemption says so, held if and
	// only if a reserved one does.
	{"coupons", `SELECT k.id, 'is of no campaign: ' || k.campaign_id
		FROM coupons k LEFT JOIN campaigns c ON c.id = k.campaign_id WHERE c.id IS NULL ORDER BY 1`},
	{"coupons", `SELECT id, 'is ' || state FROM coupons WHERE state NOT IN ('issued', 'used', 'revoked') ORDER BY 1`},
	{"coupons", `SELECT id, 'ends before it starts' FROM coupons WHERE expires_at < starts_at ORDER BY 1`},
	{"coupons", `SELECT c.id, 'was granted to ' || c.customer_id || ', who never registered'
		FROM coupons c LEFT JOIN registrations r ON r.customer_id = c.customer_id WHERE c.granted = 1 AND r.customer_id IS NULL ORDER BY 1`},
	{"coupons", `SELECT c.id, 'is used, and no redemption of it is confirmed'
		FROM coupons c LEFT JOIN redemptions r ON r.coupon_id = c.id AND r.state = 'confirmed' WHERE c.state = 'used' AND r.id IS NULL ORDER BY 1`},
	{"coupons", `SELECT id, 'is held by somebody for no time, or by nobody for some' FROM coupons
		WHERE held_by IS NULL AND held_until IS NOT NULL OR held_by IS NOT NULL AND held_until IS NULL ORDER BY 1`},
	{"coupons", `SELECT c.id, 'is ' || c.state || ' and held by ' || c.held_by || ', which is ' || COALESCE(r.state, 'not there')
			|| CASE WHEN r.held_until <> c.held_until THEN ' until another instant' ELSE '' END
			|| CASE WHEN r.id IS NOT NULL AND COALESCE(r.coupon_id, '') <> c.id THEN ' with another coupon' ELSE '' END
		FROM coupons c LEFT JOIN redemptions r ON r.id = c.held_by
		WHERE c.held_by IS NOT NULL AND (c.state <> 'issued' OR r.id IS NULL OR r.state <> 'reserved'
			OR r.held_until <> c.held_until OR COALESCE(r.coupon_id, '') <> c.id) ORDER BY 1`},

	// Redemptions.
	{"redemptions", `SELECT id, 'is ' || state FROM redemptions WHERE state NOT IN ('reserved', 'confirmed', 'released', 'revoked', 'expired') ORDER BY 1`},
	{"redemptions", `SELECT r.id, CASE WHEN c.id IS NULL THEN 'is for a coupon that is not there: ' || r.coupon_id
			ELSE 'is of ' || r.customer_id || ' for coupon ' || c.id || ' of ' || c.customer_id END
		FROM redemptions r LEFT JOIN coupons c ON c.id = r.coupon_id
		WHERE r.coupon_id IS NOT NULL AND (c.id IS NULL OR c.customer_id <> r.customer_id) ORDER BY 1`},
	{"redemptions", `SELECT r.id, 'is ' || r.state || ', its coupon ' || c.id || ' is ' || c.state || ' and held by ' || COALESCE(c.held_by, 'nobody')
		FROM redemptions r JOIN coupons c ON c.id = r.coupon_id
		WHERE r.state = 'reserved' AND (c.held_by IS NULL OR c.held_by <> r.id) OR r.state = 'confirmed' AND c.state <> 'used'
			OR r.state = 'revoked' AND c.state <> 'revoked' ORDER BY 1`},
	{"redemptions", `SELECT id, 'is revoked and has no coupon' FROM redemptions WHERE state = 'revoked' AND coupon_id IS NULL ORDER BY 1`},
	{"redemptions", `SELECT r.id, 'is not the only live one of order ' || r.order_id
		FROM redemptions r JOIN (SELECT order_id FROM redemptions WHERE state IN ('reserved', 'confirmed') GROUP BY order_id HAVING count(*) > 1) d
			ON d.order_id = r.order_id
		WHERE r.state IN ('reserved', 'confirmed') ORDER BY 1`},
	{"redemptions", `SELECT r.id, 'is not the only live one of coupon ' || r.coupon_id
		FROM redemptions r JOIN (SELECT coupon_id FROM redemptions WHERE state IN ('reserved', 'confirmed') GROUP BY coupon_id HAVING count(*) > 1) d
			ON d.coupon_id = r.coupon_id
		WHERE r.state IN ('reserved', 'confirmed') ORDER BY 1`},
	{"refunds", `SELECT f.id, 'is of no redemption: ' || f.redemption_id
		FROM refunds f LEFT JOIN redemptions r ON r.id = f.redemption_id WHERE r.id IS NULL ORDER BY 1`},

	// Events: one for each change. What was issued before events were kept has
	// none: it is older than the first of all.
	{"coupons", `SELECT c.id, 'is ' || c.state || ', its events say issued ' || COALESCE(e.issued, 0) || ' times, revoked ' || COALESCE(e.revoked, 0)
		FROM coupons c LEFT JOIN (SELECT coupon_id, count(*) AS n, sum(CASE WHEN kind = 'coupon.issued' THEN 1 ELSE 0 END) AS issued,
				sum(CASE WHEN kind = 'coupon.revoked' THEN 1 ELSE 0 END) AS revoked
			FROM events WHERE coupon_id IS NOT NULL GROUP BY coupon_id) e ON e.coupon_id = c.id
		WHERE (COALESCE(e.issued, 0) <> 1 OR COALESCE(e.revoked, 0) <> CASE WHEN c.state = 'revoked' THEN 1 ELSE 0 END)
			AND NOT (COALESCE(e.issued, 0) = 0 AND c.created_at < COALESCE((SELECT min(created_at) FROM events), c.created_at + 1))
		ORDER BY 1`},
	{"redemptions", `SELECT r.id, 'is ' || r.state || ', its events say reserved ' || COALESCE(e.reserved, 0) || ' times, confirmed ' || COALESCE(e.confirmed, 0)
			|| ', released ' || COALESCE(e.released, 0) || ', expired ' || COALESCE(e.expired, 0)
		FROM redemptions r LEFT JOIN (SELECT redemption_id, sum(CASE WHEN kind = 'redemption.reserved' THEN 1 ELSE 0 END) AS reserved,
				sum(CASE WHEN kind = 'redemption.confirmed' THEN 1 ELSE 0 END) AS confirmed,
				sum(CASE WHEN kind = 'redemption.released' THEN 1 ELSE 0 END) AS released,
				sum(CASE WHEN kind = 'redemption.expired' THEN 1 ELSE 0 END) AS expired
			FROM events WHERE redemption_id IS NOT NULL GROUP BY redemption_id) e ON e.redemption_id = r.id
		WHERE COALESCE(e.reserved, 0) <> 1 OR e.confirmed <> CASE WHEN r.state = 'confirmed' THEN 1 ELSE 0 END
			OR e.released <> CASE WHEN r.state IN ('released', 'revoked') THEN 1 ELSE 0 END
			OR e.expired <> CASE WHEN r.state = 'expired' THEN 1 ELSE 0 END ORDER BY 1`},
	{"redemptions", `SELECT r.id, 'has ' || COALESCE(f.n, 0) || ' refunds, its events say ' || COALESCE(e.n, 0)
		FROM redemptions r
		LEFT JOIN (SELECT redemption_id, count(*) AS n FROM refunds GROUP BY redemption_id) f ON f.redemption_id = r.id
		LEFT JOIN (SELECT redemption_id, count(*) AS n FROM events WHERE kind = 'redemption.refunded' GROUP BY redemption_id) e ON e.redemption_id = r.id
		WHERE COALESCE(f.n, 0) <> COALESCE(e.n, 0) ORDER BY 1`},
	{"events", `SELECT e.id, 'is of a coupon that is not there: ' || e.coupon_id
		FROM events e LEFT JOIN coupons c ON c.id = e.coupon_id WHERE e.coupon_id IS NOT NULL AND c.id IS NULL ORDER BY 1`},
	{"events", `SELECT e.id, 'is of a redemption that is not there: ' || e.redemption_id
		FROM events e LEFT JOIN redemptions r ON r.id = e.redemption_id WHERE e.redemption_id IS NOT NULL AND r.id IS NULL ORDER BY 1`},
	{"events", `SELECT e.id, 'is of ' || e.customer_id || ' and coupon ' || COALESCE(e.coupon_id, 'none') || ', its redemption of ' || r.customer_id
			|| ' and coupon ' || COALESCE(r.coupon_id, 'none')
		FROM events e JOIN redemptions r ON r.id = e.redemption_id
		WHERE e.customer_id <> r.customer_id OR COALESCE(e.coupon_id, '') <> COALESCE(r.coupon_id, '') ORDER BY 1`},

	// Replies.
	{"replies", `SELECT idempotency_key, 'has a fingerprint of ' || length(fingerprint) || ' bytes and a response of ' || length(response)
		FROM replies WHERE length(fingerprint) <> 32 OR length(response) = 0 ORDER BY 1`},
}

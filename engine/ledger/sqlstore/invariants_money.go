// What has to fit together in gift cards, balances and the journal; what the
// journal says of a redemption is for the ledger to judge.
package sqlstore

// ofMoney are the invariants of cards and wallets (Contract §7).
var ofMoney = []check{
	// The journal: double entry, each kind between the accounts that it is about.
	{"journal", `SELECT id, 'does not add up: ' || (cash + gift + bonus + external + gift_cards + promotions + orders) || ' are left'
		FROM journal WHERE cash + gift + bonus + external + gift_cards + promotions + orders <> 0 ORDER BY 1`},
	{"journal", `SELECT id, 'is no ' || kind || ': cash ' || cash || ', gift ' || gift || ', bonus ' || bonus || ', external ' || external
			|| ', gift_cards ' || gift_cards || ', promotions ' || promotions || ', orders ' || orders
		FROM journal WHERE CASE
			WHEN kind = 'top_up' THEN cash > 0 AND bonus >= 0 AND external = -cash AND promotions = -bonus AND gift = 0 AND gift_cards = 0 AND orders = 0
			WHEN kind = 'withdrawal' THEN cash < 0 AND bonus <= 0 AND external = -cash AND promotions = -bonus AND gift = 0 AND gift_cards = 0 AND orders = 0
			WHEN kind = 'gift_card' THEN gift > 0 AND gift_cards = -gift AND cash = 0 AND bonus = 0 AND external = 0 AND promotions = 0 AND orders = 0
			WHEN kind = 'payment' THEN cash <= 0 AND gift <= 0 AND bonus <= 0 AND orders > 0 AND external = 0 AND gift_cards = 0 AND promotions = 0
			WHEN kind IN ('payment_returned', 'refund') THEN
				cash >= 0 AND gift >= 0 AND bonus >= 0 AND orders < 0 AND external = 0 AND gift_cards = 0 AND promotions = 0
			ELSE 1 = 0 END = (1 = 0) ORDER BY 1`},
	{"journal", `SELECT j.id, CASE WHEN r.id IS NULL THEN 'is of a redemption that is not there: ' || j.reference
			ELSE 'is of ' || j.customer_id || ' in ' || j.currency || ', redemption ' || r.id || ' of ' || r.customer_id || ' in ' || r.currency END
		FROM journal j LEFT JOIN redemptions r ON r.id = j.reference
		WHERE j.orders <> 0 AND (r.id IS NULL OR r.customer_id <> j.customer_id OR r.currency <> j.currency) ORDER BY 1`},
	{"redemptions", `SELECT r.id, 'was paid ' || COALESCE(j.n, 0) || ' times, its events say ' || COALESCE(e.n, 0)
		FROM redemptions r
		LEFT JOIN (SELECT reference, count(*) AS n FROM journal WHERE orders <> 0 AND kind = 'payment' GROUP BY reference) j ON j.reference = r.id
		LEFT JOIN (SELECT redemption_id, count(*) AS n FROM events WHERE kind = 'redemption.paid' GROUP BY redemption_id) e ON e.redemption_id = r.id
		WHERE COALESCE(j.n, 0) <> COALESCE(e.n, 0) ORDER BY 1`},

	// Balances are the sums of the journal.
	{"balances", `SELECT customer_id || ' ' || currency, 'is below zero: cash ' || cash || ', gift ' || gift || ', bonus ' || bonus
		FROM balances WHERE cash < 0 OR gift < 0 OR bonus < 0 ORDER BY 1`},
	{"balances", `SELECT b.customer_id || ' ' || b.currency, 'is cash ' || b.cash || ', gift ' || b.gift || ', bonus ' || b.bonus
			|| '; the journal says ' || COALESCE(j.cash, 0) || ', ' || COALESCE(j.gift, 0) || ', ' || COALESCE(j.bonus, 0)
		FROM balances b LEFT JOIN (SELECT customer_id, currency, sum(cash) AS cash, sum(gift) AS gift, sum(bonus) AS bonus
			FROM journal GROUP BY customer_id, currency) j ON j.customer_id = b.customer_id AND j.currency = b.currency
		WHERE b.cash <> COALESCE(j.cash, 0) OR b.gift <> COALESCE(j.gift, 0) OR b.bonus <> COALESCE(j.bonus, 0) ORDER BY 1`},
	{"balances", `SELECT j.customer_id || ' ' || j.currency, 'is missing, ' || j.n || ' entries are there'
		FROM (SELECT customer_id, currency, count(*) AS n FROM journal GROUP BY customer_id, currency) j
		LEFT JOIN balances b ON b.customer_id = j.customer_id AND b.currency = j.currency
		WHERE b.customer_id IS NULL ORDER BY 1`},

	// Cards: the journal has each that was redeemed once, under its id, and no
	// other.
	{"gift_cards", `SELECT g.id, 'is redeemed, and the journal has no such entry' FROM gift_cards g LEFT JOIN journal j ON j.id = g.id
		WHERE g.state = 'redeemed' AND j.id IS NULL ORDER BY 1`},
	{"gift_cards", `SELECT g.id, 'is ' || g.state || ' of ' || g.amount || ' ' || g.currency || ' for ' || COALESCE(g.redeemed_by, 'nobody') || ', the journal has a '
			|| j.kind || ' of ' || j.gift || ' ' || j.currency || ' for ' || j.customer_id || ' about ' || j.reference
		FROM gift_cards g JOIN journal j ON j.id = g.id
		WHERE g.state <> 'redeemed' OR j.kind <> 'gift_card' OR j.gift <> g.amount OR j.currency <> g.currency OR j.reference <> g.id
			OR j.customer_id <> COALESCE(g.redeemed_by, '') ORDER BY 1`},
	{"journal", `SELECT j.id, 'is of a gift card that is not there' FROM journal j LEFT JOIN gift_cards g ON g.id = j.id
		WHERE j.kind = 'gift_card' AND g.id IS NULL ORDER BY 1`},
	{"gift_cards", `SELECT id, 'is ' || state || ', of ' || amount || ', redeemed by ' || COALESCE(redeemed_by, 'nobody') FROM gift_cards
		WHERE state NOT IN ('active', 'redeemed', 'revoked') OR amount <= 0
			OR CASE WHEN redeemed_by IS NULL THEN 0 ELSE 1 END <> CASE WHEN state = 'redeemed' THEN 1 ELSE 0 END ORDER BY 1`},
	{"gift_cards", `SELECT id, 'has a number of ' || length(number) || ' digits, a lookup of ' || length(lookup) || ' bytes and a code of ' || length(code)
		FROM gift_cards WHERE length(number) <> 16 OR length(lookup) <> 32 OR length(code) = 0 ORDER BY 1`},
	{"gift_cards", `SELECT id, 'has a code under key ' || code_key || ', the newest is ' || newest
		FROM gift_cards CROSS JOIN (SELECT COALESCE((SELECT CAST(value AS BIGINT) FROM meta WHERE name = 'gift_card_code_key'), 1) AS newest) k
		WHERE code_key < 1 OR code_key > newest ORDER BY 1`},
	{"card_failures", `SELECT 'of ' || last_at, 'counts ' || count || ' failures of a subject of ' || length(subject) || ' bytes'
		FROM card_failures WHERE count NOT BETWEEN 1 AND 10 OR length(subject) <> 32 ORDER BY 1`},
}

package sqlstore

// walletInvariants are those of cards, balances and the journal (Contract §7).
var walletInvariants = []check{
	{"journal", `SELECT id, 'does not add up to zero' FROM journal
		WHERE cash + gift + bonus + external + gift_cards + promotions + orders <> 0 ORDER BY 1`},

	// Balances are the sums of the journal, and none is below zero.
	{"balances", `SELECT customer_id || ' ' || currency, 'is below zero: cash ' || cash || ', gift ' || gift || ', bonus ' || bonus
		FROM balances WHERE cash < 0 OR gift < 0 OR bonus < 0 ORDER BY 1`},
	{"balances", `SELECT b.customer_id || ' ' || b.currency, 'is cash ' || b.cash || ', gift ' || b.gift || ', bonus ' || b.bonus || '; the journal says '
			|| COALESCE(j.cash, 0) || ', ' || COALESCE(j.gift, 0) || ', ' || COALESCE(j.bonus, 0)
		FROM balances b LEFT JOIN (SELECT customer_id, currency, sum(cash) AS cash, sum(gift) AS gift, sum(bonus) AS bonus
			FROM journal GROUP BY customer_id, currency) j ON j.customer_id = b.customer_id AND j.currency = b.currency
		WHERE b.cash <> COALESCE(j.cash, 0) OR b.gift <> COALESCE(j.gift, 0) OR b.bonus <> COALESCE(j.bonus, 0) ORDER BY 1`},
	{"balances", `SELECT DISTINCT j.customer_id || ' ' || j.currency, 'is missing, the journal has entries of it'
		FROM journal j LEFT JOIN balances b ON b.customer_id = j.customer_id AND b.currency = j.currency
		WHERE b.customer_id IS NULL ORDER BY 1`},

	// A card is redeemed if and only if its credit was booked for whoever did.
	{"gift_cards", `SELECT c.id, 'is redeemed by ' || COALESCE(c.redeemed_by, 'nobody') || ', and the journal does not credit it'
		FROM gift_cards c LEFT JOIN journal j ON j.id = c.id AND j.kind = 'gift_card' AND j.customer_id = c.redeemed_by
			AND j.currency = c.currency AND j.gift = c.amount
		WHERE c.state = 'redeemed' AND j.id IS NULL ORDER BY 1`},
	{"journal", `SELECT j.id, 'credits a gift card that is ' || COALESCE(c.state, 'not there')
		FROM journal j LEFT JOIN gift_cards c ON c.id = j.id
		WHERE j.kind = 'gift_card' AND COALESCE(c.state, '') <> 'redeemed' ORDER BY 1`},

	// What orders have drawn was paid, and came back if and only if they ended
	// unconfirmed.
	{"redemptions", `SELECT r.id, 'has drawn ' || r.drawn || ', its payments are ' || COALESCE(p.paid, 0)
		FROM redemptions r LEFT JOIN (SELECT reference, sum(orders) AS paid FROM journal WHERE kind = 'payment' GROUP BY reference) p
			ON p.reference = r.id
		WHERE r.drawn <> COALESCE(p.paid, 0) ORDER BY 1`},
	{"redemptions", `SELECT r.id, 'is ' || r.state || ' and has drawn ' || r.drawn || ', of which ' || COALESCE(p.back, 0) || ' came back'
		FROM redemptions r LEFT JOIN (SELECT reference, sum(-orders) AS back FROM journal WHERE kind = 'payment_returned' GROUP BY reference) p
			ON p.reference = r.id
		WHERE COALESCE(p.back, 0) <> CASE WHEN r.state IN ('released', 'revoked', 'expired') THEN r.drawn ELSE 0 END ORDER BY 1`},
}

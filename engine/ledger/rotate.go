package ledger

import "strconv"

// metaCodeKey says which key seals the codes of new gift cards. Keys are
// numbered from 1, all derived from the master key.
const (
	metaCodeKey  = "gift_card_code_key"
	firstCodeKey = "1"
)

// rotateAtOnce is how many codes one transaction seals anew: others write
// between two of them.
const rotateAtOnce = 500

// Rotation is how far a change of keys has come.
type Rotation struct {
	Key     int64 // that seals new codes
	Sealed  int   // codes sealed anew by this step
	Pending bool  // others are left
	Left    int64 // how many, when a new key begins
}

// codeKey is the key that seals new codes. It stays that until the transaction
// ends: a key is changed after the cards are there that were issued under the
// one before, so that resealing sees all of them.
func (e *Entry) codeKey() (int64, error) {
	text, err := e.tx.HoldMeta(e.ctx, metaCodeKey)
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(text, 10, 64)
}

// NextCodeKey lets new codes be sealed under a new key.
func (e *Entry) NextCodeKey() (Rotation, error) {
	key, err := e.codeKey()
	if err != nil {
		return Rotation{}, err
	}
	key++
	if err := e.tx.SetMeta(e.ctx, metaCodeKey, strconv.FormatInt(key, 10)); err != nil {
		return Rotation{}, err
	}
	e.wrote = true
	left, err := e.tx.CountSealedOtherwise(e.ctx, key)
	return Rotation{Key: key, Left: left, Pending: left > 0}, err
}

// Reseal seals some codes anew that are under an older key.
func (e *Entry) Reseal() (Rotation, error) {
	key, err := e.codeKey()
	if err != nil {
		return Rotation{}, err
	}
	cards, err := e.tx.SealedOtherwise(e.ctx, key, rotateAtOnce)
	if err != nil {
		return Rotation{}, err
	}
	vault := &e.book.vault
	for i := range cards {
		code, err := vault.open(cards[i].Code, cards[i].ID)
		if err != nil {
			return Rotation{}, err
		}
		if _, err := e.tx.SetCode(e.ctx, cards[i].ID, cards[i].Code.Key, vault.seal(key, cards[i].ID, code)); err != nil {
			return Rotation{}, err
		}
	}
	e.wrote = e.wrote || len(cards) > 0
	return Rotation{Key: key, Sealed: len(cards), Pending: len(cards) == rotateAtOnce}, nil
}

package model

import "strings"

// checkUnique looks at the unique keys of every row that changed in one of them, or was enabled: TR-106 asks of enabled rows
// only that they differ. Every offending parameter that this transaction set is an error of its own.
func (tx *Tx) checkUnique() (errs []error) {
	for _, ch := range tx.order {
		t := ch.param.object.table
		if t == nil || !ch.differs() || ch.row.gone {
			continue
		}
		for _, key := range t.unique {
			if p := ch.param; p == t.enable || has(key, p) {
				errs = append(errs, tx.checkKey(ch, key)...)
			}
		}
		if ch.param.isAlias() {
			errs = append(errs, tx.checkKey(ch, []*param{ch.param})...)
		}
	}
	return errs
}

func has(key []*param, p *param) bool {
	for _, k := range key {
		if k == p {
			return true
		}
	}
	return false
}

// checkKey compares a changed row with the others of its table.
func (tx *Tx) checkKey(ch *change, key []*param) []error {
	o := ch.param.object
	skipDisabled := !ch.param.isAlias()
	if skipDisabled && !tx.enabled(o, ch.row) {
		return nil
	}
	mine := tx.keyText(key, ch.row)
	var errs []error
	_ = tx.rows(o, ch.row.outer).live(func(other *Row) error {
		if other == ch.row || skipDisabled && !tx.enabled(o, other) || tx.keyText(key, other) != mine {
			return nil
		}
		if len(errs) == 0 {
			errs = append(errs, &ParamError{Path: ch.path, Reason: BadValue, Msg: "another row has the same " + names(key)})
		}
		return nil
	})
	return errs
}

func names(key []*param) string {
	all := make([]string, len(key))
	for i, p := range key {
		all[i] = p.name
	}
	return strings.Join(all, " and ")
}

func (tx *Tx) enabled(o *object, row *Row) bool {
	if o.table.enable == nil {
		return true
	}
	text, err := tx.text(o.table.enable, row)
	return err == nil && text != "false"
}

// keyText joins the values of a key; what cannot be read is like nothing else, nor is what only the router can fill in
// and has not yet: two SSIDs that are down both have no BSSID.
func (tx *Tx) keyText(key []*param, row *Row) string {
	var b strings.Builder
	known := false
	for _, p := range key {
		text, err := tx.text(p, row)
		if err != nil {
			return row.Path()
		}
		known = known || text != "" || p.def.Writable
		b.WriteString(text)
		b.WriteByte(0)
	}
	if !known {
		return row.Path()
	}
	return b.String()
}

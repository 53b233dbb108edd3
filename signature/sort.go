package signature

import (
	"bytes"
	"cmp"
	"slices"
)

// sort orders by name, then value, and drops pairs that are there twice. Name
// and value are compared one after the other and never joined: "Reason" comes
// before "ReasonConferenceEnded" whatever its value.
func (f *form) sort() {
	slices.SortFunc(f.params, f.compare)
	f.params = slices.CompactFunc(f.params, func(a, b param) bool { return f.compare(a, b) == 0 })
}

func (f *form) compare(a, b param) int {
	if a.order != b.order {
		return cmp.Compare(a.order, b.order)
	}
	if c := bytes.Compare(f.name(a), f.name(b)); c != 0 {
		return c
	}
	return bytes.Compare(f.value(a), f.value(b))
}

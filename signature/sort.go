package signature

import (
	"bytes"
	"cmp"
	"slices"
)

// sorter remembers which order sorted the forms it has seen. Twilio sends the
// parameters of one kind of webhook always in the same order, so nearly every
// sort is a copy and a check.
type sorter struct {
	orders [8][]uint16 // by the number of parameters, modulo 8
	spare  []param
}

// sort orders by name, then value, and drops pairs that are there twice. Name
// and value are compared one after the other and never joined: "Reason" comes
// before "ReasonConferenceEnded" whatever its value.
func (f *form) sort() {
	if f.sortAsBefore() {
		return
	}
	f.sorter.spare = append(f.sorter.spare[:0], f.params...)
	slices.SortFunc(f.params, f.compare)
	f.params = slices.CompactFunc(f.params, func(a, b param) bool { return f.compare(a, b) == 0 })
	f.remember(f.sorter.spare)
}

// sortAsBefore applies the remembered order and reports whether the result is
// sorted without duplicates; if not, params are as they were.
func (f *form) sortAsBefore() bool {
	order := f.sorter.orders[len(f.params)%len(f.sorter.orders)]
	if len(order) != len(f.params) {
		return false
	}
	sorted := f.sorter.spare[:0]
	for i, from := range order {
		p := &f.params[from]
		if i > 0 {
			last := &sorted[i-1]
			if last.order > p.order || last.order == p.order && f.compare(*last, *p) >= 0 {
				return false
			}
		}
		sorted = append(sorted, *p)
	}
	f.params, f.sorter.spare = sorted, f.params
	return true
}

// remember keeps the order that led from the parameters as sent to the sorted
// ones. Names as sent begin at ascending places, by which they are found again.
func (f *form) remember(sent []param) {
	const most = 128 // more than any form of Twilio's
	if len(f.params) != len(sent) || len(sent) > most {
		return
	}
	order := &f.sorter.orders[len(sent)%len(f.sorter.orders)]
	*order = (*order)[:0]
	for _, p := range f.params {
		from, _ := slices.BinarySearchFunc(sent, p.name.start, func(q param, start uint32) int {
			return cmp.Compare(q.name.start, start)
		})
		*order = append(*order, uint16(from))
	}
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

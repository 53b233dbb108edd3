package signature

// scratch is everything that one verification writes to. Scratches are pooled:
// after the first few requests nothing is allocated any more.
type scratch struct {
	mac       mac
	target    target
	form      form
	message   []byte // what is signed, with the URL as received
	params    []byte // its end: names and values
	bodyHash  []byte // bodySHA256 of the query
	signature []byte
	urls      []candidate
}

func newScratch() *scratch { return &scratch{mac: newMAC()} }

// reusable tells whether the scratch is small enough to be kept in the pool.
func (s *scratch) reusable() bool {
	const maxText, maxParams = 128 << 10, 4 << 10
	return cap(s.form.text) <= maxText && cap(s.message) <= maxText && cap(s.form.params) <= maxParams
}

//go:build !race

package signature

import (
	"bytes"
	"net/http/httptest"
	"testing"
)

// The whole way, with the pool, which under the race detector drops a part of
// what it is given on purpose.
func TestVerifyRequestAllocatesNothing(t *testing.T) {
	token, base, req := voiceWebhook()
	v := mustNew(t, Config{URL: base, Tokens: []string{secondary, token}})
	r := httptest.NewRequest("POST", req.Target, bytes.NewReader(req.Body))
	r.Header.Set("Content-Type", req.ContentType)
	r.Header.Set(Header, req.Signature)
	if n := testing.AllocsPerRun(1000, func() {
		if _, err := v.VerifyRequest(r, req.Body); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

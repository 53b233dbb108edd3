package signature

import "testing"

// Verdicts with a scratch in hand; always on, the race detector included.
func TestVerdictAllocatesNothing(t *testing.T) {
	token, base, req := voiceWebhook()
	jsonURL, jsonSig := SignBody(secondary, base+"/v", []byte("{}"))
	for name, r := range map[string]Request{
		"form": req,
		"json": {Method: "POST", Target: jsonURL[len(base):], Signature: jsonSig, Body: []byte("{}")},
		"get":  {Method: "GET", Target: "/v?a='%40", Signature: Sign(token, base+":443/v?a='@", nil)},
	} {
		v := mustNew(t, Config{URL: base, Tokens: []string{token, secondary}})
		s := newScratch()
		if n := testing.AllocsPerRun(100, func() {
			if _, err := v.verify(s, &r); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

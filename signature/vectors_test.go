package signature

import (
	"encoding/json"
	"errors"
	"net/url"
	"os"
	"strings"
	"testing"
)

// vector is one entry of testdata/signature-vectors.json: cases of the official
// SDKs' own test suites and of Twilio's documents, each signature recomputed
// independently when the file was made.
type vector struct {
	Source    string              `json:"source"`
	Token     string              `json:"token"`
	Method    string              `json:"method"`
	URL       string              `json:"url"`
	Params    map[string][]string `json:"params"`
	Body      *string             `json:"body"`
	Signature string              `json:"signature"`
	Valid     bool                `json:"valid"`
	Note      string              `json:"note"`
	Matched   *string             `json:"matched"`
	Portable  *bool               `json:"portable"`
	Verified  *bool               `json:"verified"`
}

func loadVectors(t testing.TB) []vector {
	t.Helper()
	raw, err := os.ReadFile("testdata/signature-vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var vs []vector
	if err := json.Unmarshal(raw, &vs); err != nil {
		t.Fatal(err)
	}
	return vs
}

// request splits the vector's URL into what an operator configures and what
// arrives on the request line.
func (v vector) request(t testing.TB) (base string, req Request) {
	t.Helper()
	i := strings.Index(v.URL, "://") + 3
	n := strings.IndexAny(v.URL[i:], "/?#")
	if n < 0 {
		n = len(v.URL) - i
	}
	req = Request{Method: v.Method, Target: v.URL[i+n:], Signature: v.Signature}
	if !strings.HasPrefix(req.Target, "/") {
		req.Target = "/" + req.Target
	}
	switch {
	case v.Body != nil:
		req.ContentType, req.Body = "application/json", []byte(*v.Body)
	case len(v.Params) > 0:
		req.ContentType = "application/x-www-form-urlencoded; charset=utf-8"
		req.Body = []byte(url.Values(v.Params).Encode())
	}
	return v.URL[:i+n], req
}

// The golden vectors are the proof of the verifier; nothing of ours made them.
func TestOfficialSDKVectorsGetTheOfficialVerdict(t *testing.T) {
	vs := loadVectors(t)
	ran := 0
	for _, vec := range vs {
		if vec.Verified != nil && !*vec.Verified {
			continue // its token is not known
		}
		if vec.Portable != nil && !*vec.Portable {
			continue // holds in one SDK only
		}
		ran++
		t.Run(vec.Source, func(t *testing.T) {
			base, req := vec.request(t)
			match, err := mustNew(t, Config{URL: base, Tokens: []string{vec.Token}}).Verify(req)
			if vec.Valid != (err == nil) {
				t.Fatalf("valid is %v, verdict %v (%s)", vec.Valid, err, vec.Note)
			}
			if vec.Valid && vec.Matched != nil {
				want := map[string]Variant{
					"as-is": 0, "port-removed": NoPort, "port-added": DefaultPort,
					"as-is+quote-escaped": QuotesEscaped,
				}[*vec.Matched]
				if match.Variant != want {
					t.Errorf("matched %q, the vector says %q", match.Variant, *vec.Matched)
				}
			}
			if !vec.Valid && vec.Matched != nil && !errors.Is(err, ErrBodyHashMismatch) {
				t.Errorf("the URL was signed, only the body differs: %v", err)
			}
		})
	}
	if ran < 78 {
		t.Errorf("only %d of %d vectors ran", ran, len(vs))
	}
}

// A wrong list of tokens must not hide behind a right one.
func TestVectorsAreRefusedWithAnotherToken(t *testing.T) {
	for _, vec := range loadVectors(t) {
		base, req := vec.request(t)
		if _, err := mustNew(t, Config{URL: base, Tokens: []string{vec.Token + "x"}}).Verify(req); err == nil {
			t.Errorf("%s: verified with another token", vec.Source)
		}
		match, err := mustNew(t, Config{URL: base, Tokens: []string{"other", vec.Token}}).Verify(req)
		if vec.Valid && (err != nil || match.Token != 1) {
			t.Errorf("%s: as secondary token: %+v, %v", vec.Source, match, err)
		}
	}
}

// Sign is held to the same vectors, so that it can serve as a tool.
func TestSignGivesTheVectorsSignature(t *testing.T) {
	for _, vec := range loadVectors(t) {
		if !vec.Valid || vec.Matched == nil || *vec.Matched != "as-is" {
			continue
		}
		if got := Sign(vec.Token, vec.URL+"#rc=2", vec.Params); got != vec.Signature {
			t.Errorf("%s: Sign gave another signature", vec.Source)
		}
		got, err := SignForm(vec.Token, vec.URL, []byte(url.Values(vec.Params).Encode()))
		if err != nil || got != vec.Signature {
			t.Errorf("%s: SignForm gave another signature, %v", vec.Source, err)
		}
		if vec.Body != nil {
			bare, _, _ := strings.Cut(vec.URL, "bodySHA256=")
			signedURL, got := SignBody(vec.Token, bare[:len(bare)-1], []byte(*vec.Body))
			if signedURL != vec.URL || got != vec.Signature {
				t.Errorf("%s: SignBody gave %s", vec.Source, signedURL)
			}
		}
	}
}

func mustNew(t testing.TB, c Config) *Verifier {
	t.Helper()
	v, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

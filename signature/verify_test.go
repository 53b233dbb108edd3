package signature

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
)

const (
	primary    = "11111111111111111111111111111111"
	secondary  = "22222222222222222222222222222222"
	subToken   = "33333333333333333333333333333333"
	mainSid    = "AC00000000000000000000000000000001"
	subSid     = "AC00000000000000000000000000000002"
	strangeSid = "AC00000000000000000000000000000003"
	formType   = "application/x-www-form-urlencoded"
)

// post is a form webhook signed by token for signedURL and arriving at target.
func post(t testing.TB, token, signedURL, target, body string) Request {
	t.Helper()
	sig, err := SignForm(token, signedURL, []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	return Request{Method: "POST", Target: target, ContentType: formType, Signature: sig, Body: []byte(body)}
}

// What Twilio signed differs from what arrives in known ways; each row would be
// refused by a verifier that compares only the URL as received.
func TestEveryURLThatTwilioSignsIsRecognised(t *testing.T) {
	for _, c := range []struct{ name, base, target, signed string }{
		{"as received", "https://h.example", "/v?a=1&b=2", "https://h.example/v?a=1&b=2"},
		{"path prefix is lost", "https://h.example/app", "/v?a=1", "https://h.example/app/v?a=1"},
		{"slash is doubled", "https://h.example/app/", "/v", "https://h.example/app/v"},
		{"port dropped", "https://h.example:8443", "/v", "https://h.example/v"},
		{"port kept", "https://h.example:8443", "/v", "https://h.example:8443/v"},
		{"port added", "https://h.example", "/v", "https://h.example:443/v"},
		{"http port added", "http://h.example", "/v", "http://h.example:80/v"},
		{"http port dropped", "http://h.example:81", "/v", "http://h.example/v"},
		{"IPv6", "https://[2001:db8::1]", "/v", "https://[2001:db8::1]/v"},
		{"IPv6 port dropped", "https://[2001:db8::1]:8443", "/v", "https://[2001:db8::1]/v"},
		{"IPv6 port added", "https://[2001:db8::1]", "/v", "https://[2001:db8::1]:443/v"},
		{"userinfo kept", "https://u:p@h.example", "/v", "https://u:p@h.example/v"},
		{"userinfo dropped", "https://u:p@h.example", "/v", "https://h.example/v"},
		{"userinfo and port dropped", "https://u:p@h.example:8443", "/v", "https://h.example/v"},
		{"userinfo dropped, port kept", "https://u:p@h.example:8443", "/v", "https://h.example:8443/v"},
		{"userinfo kept, port dropped", "https://u:p@h.example:8443", "/v", "https://u:p@h.example/v"},
		{"userinfo dropped, port added", "https://u:p@h.example", "/v", "https://h.example:443/v"},
		{"IPv6 with all of it", "https://u:p@[::1]:8443", "/v", "https://[::1]/v"},
		{"mixed-case host", "https://MyHost.Example", "/V", "https://MyHost.Example/V"},
		{"upper-case scheme", "HTTPS://h.example", "/v", "HTTPS://h.example:443/v"},
		{"no path", "https://h.example", "/", "https://h.example"},
		{"no path but a query", "https://h.example", "/?a=1", "https://h.example?a=1"},
		{"bare question mark", "https://h.example", "/v?", "https://h.example/v?"},
		{"dots in the path", "https://h.example", "/a/../v", "https://h.example/a/../v"},
		{"escapes in the path", "https://h.example", "/%7Ev%2Fw", "https://h.example/%7Ev%2Fw"},
		{"escapes with the port dropped", "https://h.example:1", "/v?u=a%3Ab%2fc", "https://h.example/v?u=a%3Ab%2fc"},
		{"query unsorted", "https://h.example", "/v?b=2&a=1&b=1", "https://h.example/v?b=2&a=1&b=1"},
		{"plus and space", "https://h.example", "/v?a=+%20", "https://h.example/v?a=+%20"},
		{"not ASCII", "https://h.example", "/v?n=é", "https://h.example/v?n=é"},
		{"semicolon in the query", "https://h.example", "/v?a=1;b", "https://h.example/v?a=1;b"},
		{"broken escape in the query", "https://h.example", "/v?a=%zz&b=%", "https://h.example/v?a=%zz&b=%"},
		{"quote escaped by Twilio", "https://h.example", "/v?b=it's+so", "https://h.example/v?b=it%27s+so"},
		{"quote escaped by a proxy", "https://h.example", "/v?b=it%27s+so", "https://h.example/v?b=it's+so"},
		{"quote escaped, port added", "https://h.example", "/v?b='", "https://h.example:443/v?b=%27"},
		{"fragment of connection overrides", "https://h.example", "/v?a=1#rc=5&rp=5xx", "https://h.example/v?a=1"},
		{"absolute-form target", "https://h.example", "http://10.0.0.1:3000/v?a=1", "https://h.example/v?a=1"},
		{"absolute-form target without path", "https://h.example", "http://internal", "https://h.example"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := mustNew(t, Config{URL: c.base, Tokens: []string{primary}})
			match, err := v.Verify(post(t, primary, c.signed, c.target, "CallSid=CA1"))
			if err != nil {
				t.Fatal(err)
			}
			if exact := strings.TrimRight(c.base, "/")+c.target == c.signed; exact && match.Variant != 0 {
				t.Errorf("matched %q, but it was signed as received", match.Variant)
			}
		})
	}
}

// Operators read the variant to learn what to configure.
func TestMatchNamesTheVariantThatWasSigned(t *testing.T) {
	v := mustNew(t, Config{URL: "https://u:p@h.example:8443", Tokens: []string{primary}})
	for signed, want := range map[string]string{
		"https://u:p@h.example:8443/v?q='":   "as received",
		"https://h.example:8443/v?q='":       "no userinfo",
		"https://u:p@h.example/v?q='":        "no port",
		"https://h.example/v?q=%27":          "no userinfo, no port, quotes escaped",
		"https://u:p@h.example:8443/v?q=%27": "quotes escaped",
	} {
		match, err := v.Verify(post(t, primary, signed, "/v?q='", "a=1"))
		if err != nil || match.Variant.String() != want {
			t.Errorf("%s: %q, %v, want %q", signed, match.Variant, err, want)
		}
	}
}

// Every row is a URL that nobody should take for the one that was signed.
func TestURLThatTwilioDidNotSignIsRefused(t *testing.T) {
	for _, c := range []struct{ name, base, target, signed string }{
		{"other scheme", "https://h.example", "/v", "http://h.example/v"},
		{"other host", "https://h.example", "/v", "https://g.example/v"},
		{"host lower-cased", "https://MyHost.example", "/v", "https://myhost.example/v"},
		{"other port", "https://h.example:8443", "/v", "https://h.example:9443/v"},
		{"default port for another", "https://h.example:8443", "/v", "https://h.example:443/v"},
		{"custom port not configured", "https://h.example", "/v", "https://h.example:8443/v"},
		{"trailing slash", "https://h.example", "/v/", "https://h.example/v"},
		{"query sorted", "https://h.example", "/v?a=1&b=2", "https://h.example/v?b=2&a=1"},
		{"query cut", "https://h.example", "/v", "https://h.example/v?a=1"},
		{"query added", "https://h.example", "/v?a=1&x=1", "https://h.example/v?a=1"},
		{"path case", "https://h.example", "/V", "https://h.example/v"},
		{"quote in the path", "https://h.example", "/it's", "https://h.example/it%27s"},
		{"at sign of a POST unescaped", "https://h.example", "/v?a=%40", "https://h.example/v?a=@"},
		{"other userinfo", "https://u:p@h.example", "/v", "https://u:q@h.example/v"},
		{"userinfo not configured", "https://h.example", "/v", "https://u:p@h.example/v"},
		{"host of an absolute-form target", "https://h.example", "https://evil.example/v", "https://evil.example/v"},
		{"final slash outside a WebSocket", "https://h.example", "/v", "https://h.example/v/"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := mustNew(t, Config{URL: c.base, Tokens: []string{primary}})
			if match, err := v.Verify(post(t, primary, c.signed, c.target, "CallSid=CA1")); !errors.Is(err, ErrWrongSignature) {
				t.Errorf("verdict %+v, %v", match, err)
			}
		})
	}
}

func TestGETIsVerifiedByItsURLAlone(t *testing.T) {
	v := mustNew(t, Config{URL: "https://h.example", Tokens: []string{primary}})
	get := func(target, signed string) Request {
		return Request{Method: "GET", Target: target, Signature: Sign(primary, signed, nil)}
	}
	for _, c := range []struct {
		name, target, signed string
		variant              Variant
	}{
		{"parameters are in the URL", "/v?CallSid=CA1&From=%2B1555", "https://h.example/v?CallSid=CA1&From=%2B1555", 0},
		{"SIP address escaped on its way", "/v?From=sip%3aal%40x&q=a%26b", "https://h.example/v?From=sip:al@x&q=a%26b", Unescaped},
		{"with quotes", "/v?From=sip%3Ao%27neil%40x", "https://h.example/v?From=sip:o'neil@x", Unescaped},
		{"and without the port", "/v?From=a%40x", "https://h.example:443/v?From=a@x", Unescaped | DefaultPort},
	} {
		if match, err := v.Verify(get(c.target, c.signed)); err != nil || match.Variant != c.variant {
			t.Errorf("%s: %+v, %v", c.name, match, err)
		}
	}
	req := get("/v?a=1", "https://h.example/v?a=1")
	req.Body, req.ContentType = []byte("a=1"), formType
	if _, err := v.Verify(req); !errors.Is(err, ErrUnsignedBody) {
		t.Errorf("a GET's body was let through: %v", err)
	}
}

func TestWebSocketHandshakeIsVerifiedByItsWSSURL(t *testing.T) {
	v := mustNew(t, Config{URL: "https://h.example", Tokens: []string{primary},
		AccountTokens: map[string][]string{subSid: {subToken}}})
	for signed, want := range map[string]Match{
		"wss://h.example/media":      {},
		"wss://h.example/media/":     {Variant: FinalSlash},
		"wss://h.example:443/media":  {Variant: DefaultPort},
		"wss://h.example:443/media/": {Variant: DefaultPort | FinalSlash},
	} {
		r := httptest.NewRequest("GET", "/media", nil)
		r.Header.Set("Upgrade", "WebSocket")
		r.Header.Set(Header, Sign(primary, signed, nil))
		if match, err := v.VerifyRequest(r, nil); err != nil || match != want {
			t.Errorf("%s: %+v, %v", signed, match, err)
		}
		r.Header.Set(Header, Sign(subToken, signed, nil))
		want.AccountSid = subSid
		if match, err := v.VerifyRequest(r, nil); err != nil || match != want {
			t.Errorf("%s of a subaccount: %+v, %v", signed, match, err)
		}
		r.Header.Del("Upgrade")
		if _, err := v.VerifyRequest(r, nil); err == nil {
			t.Errorf("%s: taken for a page", signed)
		}
	}
}

func TestJSONBodyIsBoundToItsHash(t *testing.T) {
	v := mustNew(t, Config{URL: "https://h.example", Tokens: []string{primary}})
	body := []byte(`{"a": 1}`)
	signedURL, sig := SignBody(primary, "https://h.example/v?x=1", body)
	target := strings.TrimPrefix(signedURL, "https://h.example")
	ok := Request{Method: "POST", Target: target, ContentType: "application/json", Signature: sig, Body: body}
	for _, c := range []struct {
		name string
		edit func(*Request)
		want error
	}{
		{"as sent", func(*Request) {}, nil},
		{"form type, hash given", func(r *Request) { r.ContentType = formType }, nil},
		{"no type, hash given", func(r *Request) { r.ContentType = "" }, nil},
		{"body re-serialised", func(r *Request) { r.Body = []byte(`{"a":1}`) }, ErrBodyHashMismatch},
		{"body removed", func(r *Request) { r.Body = nil }, ErrBodyHashMismatch},
		{"body removed, as GET", func(r *Request) { r.Body, r.Method = nil, "GET" }, ErrBodyHashMismatch},
		{"hash in capitals", func(r *Request) {
			path, hash, _ := strings.Cut(r.Target, "bodySHA256=")
			r.Target = path + "bodySHA256=" + strings.ToUpper(hash)
			r.Signature = Sign(primary, "https://h.example"+r.Target, nil)
		}, ErrBodyHashMismatch},
		{"hash cut short", func(r *Request) {
			r.Target = r.Target[:len(r.Target)-1]
			r.Signature = Sign(primary, "https://h.example"+r.Target, nil)
		}, ErrBodyHashMismatch},
		{"hash of another body, unsigned", func(r *Request) { r.Target = strings.Replace(r.Target, "a", "b", 1) }, ErrWrongSignature},
		{"hash name escaped", func(r *Request) {
			r.Target = strings.Replace(r.Target, "bodySHA256", "body%53HA256", 1)
			r.Signature = Sign(primary, "https://h.example"+r.Target, nil)
		}, nil},
		{"two hashes", func(r *Request) {
			r.Target += "&bodySHA256=00"
			r.Signature = Sign(primary, "https://h.example"+r.Target, nil)
		}, ErrMalformedTarget},
		{"no hash", func(r *Request) {
			r.Target, r.Signature = "/v", Sign(primary, "https://h.example/v", nil)
		}, ErrUnsignedBody},
		{"empty hash", func(r *Request) {
			r.Target, r.Signature = "/v?bodySHA256=", Sign(primary, "https://h.example/v?bodySHA256=", nil)
		}, ErrUnsignedBody},
		{"multipart form", func(r *Request) {
			r.Target, r.ContentType = "/v", "multipart/form-data; boundary=x"
			r.Signature = Sign(primary, "https://h.example/v", nil)
		}, ErrUnsignedBody},
		{"no hash and no body", func(r *Request) {
			r.Target, r.Body, r.Signature = "/v", nil, Sign(primary, "https://h.example/v", nil)
		}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			req := ok
			c.edit(&req)
			if _, err := v.Verify(req); !errors.Is(err, c.want) || c.want == nil && err != nil {
				t.Errorf("verdict %v, want %v", err, c.want)
			}
		})
	}
}

func TestBadRequestIsRefusedForTheRightReason(t *testing.T) {
	v := mustNew(t, Config{URL: "https://h.example", Tokens: []string{primary}})
	good := post(t, primary, "https://h.example/v", "/v", "CallSid=CA1&Digits=1")
	for _, c := range []struct {
		name string
		edit func(*Request)
		want error
	}{
		{"no header", func(r *Request) { r.Signature = "" }, ErrMissingHeader},
		{"other token", func(r *Request) { r.Signature = Sign(secondary, "https://h.example/v", nil) }, ErrWrongSignature},
		{"short header", func(r *Request) { r.Signature = r.Signature[:27] }, ErrWrongSignature},
		{"long header", func(r *Request) { r.Signature += "=" }, ErrWrongSignature},
		{"value changed", func(r *Request) { r.Body = []byte("CallSid=CA1&Digits=2") }, ErrWrongSignature},
		{"value trimmed", func(r *Request) { r.Body = []byte("CallSid=CA1&Digits=") }, ErrWrongSignature},
		{"parameter added", func(r *Request) { r.Body = []byte("CallSid=CA1&Digits=1&x=") }, ErrWrongSignature},
		{"parameter removed", func(r *Request) { r.Body = []byte("CallSid=CA1") }, ErrWrongSignature},
		{"body removed", func(r *Request) { r.Body = nil }, ErrWrongSignature},
		{"no content type", func(r *Request) { r.ContentType = "" }, ErrUnsignedBody},
		{"type that begins like a form's", func(r *Request) { r.ContentType = formType + "x" }, ErrUnsignedBody},
		{"no target", func(r *Request) { r.Target = "" }, ErrMalformedTarget},
		{"asterisk", func(r *Request) { r.Target = "*" }, ErrMalformedTarget},
		{"authority", func(r *Request) { r.Target = "h.example:443" }, ErrMalformedTarget},
		{"relative target with a URL inside", func(r *Request) { r.Target = "v?u=http://x/v" }, ErrMalformedTarget},
		{"endless target", func(r *Request) { r.Target = "/v?" + strings.Repeat("a", maxTarget) }, ErrMalformedTarget},
	} {
		t.Run(c.name, func(t *testing.T) {
			req := good
			c.edit(&req)
			match, err := v.Verify(req)
			if !errors.Is(err, c.want) {
				t.Errorf("verdict %v, want %v", err, c.want)
			}
			var rejected *RejectError
			if !errors.As(err, &rejected) || match != (Match{}) {
				t.Errorf("%+v, %T", match, err)
			}
		})
	}
	if _, err := v.Verify(good); err != nil {
		t.Fatal(err)
	}
}

func TestAccountIsVerifiedWithItsOwnTokensOnly(t *testing.T) {
	base := "https://h.example"
	all := Config{URL: base, Tokens: []string{primary, secondary}, AccountSid: mainSid,
		AccountTokens: map[string][]string{subSid: {subToken, "44444444444444444444444444444444"}}}
	unnamed := all
	unnamed.AccountSid = ""
	onlySub := Config{URL: base, AccountTokens: all.AccountTokens}
	for _, c := range []struct {
		name   string
		config Config
		token  string
		body   string
		match  Match
		err    error
	}{
		{"primary", all, primary, "AccountSid=" + mainSid, Match{AccountSid: mainSid}, nil},
		{"secondary", all, secondary, "AccountSid=" + mainSid, Match{AccountSid: mainSid, Token: 1}, nil},
		{"subaccount", all, subToken, "AccountSid=" + subSid, Match{AccountSid: subSid}, nil},
		{"subaccount's secondary", all, "44444444444444444444444444444444", "AccountSid=" + subSid, Match{AccountSid: subSid, Token: 1}, nil},
		{"subaccount by the parent's token", all, primary, "AccountSid=" + subSid, Match{}, ErrWrongSignature},
		{"parent by the subaccount's token", all, subToken, "AccountSid=" + mainSid, Match{}, ErrWrongSignature},
		{"unknown account, parent's token", all, primary, "AccountSid=" + strangeSid, Match{}, ErrUnknownAccount},
		{"unknown account, default without a name", unnamed, primary, "AccountSid=" + strangeSid, Match{}, nil},
		{"unknown account, subaccount's token", unnamed, subToken, "AccountSid=" + strangeSid, Match{}, ErrWrongSignature},
		{"no default account", onlySub, subToken, "AccountSid=" + strangeSid, Match{}, ErrUnknownAccount},
		{"no account given", all, primary, "CallSid=CA1", Match{AccountSid: mainSid}, nil},
		{"no account given, subaccount's token", all, subToken, "CallSid=CA1", Match{}, ErrWrongSignature},
		{"no account given, no default", onlySub, subToken, "CallSid=CA1", Match{AccountSid: subSid}, nil},
		{"two accounts", all, subToken, "AccountSid=" + subSid + "&AccountSid=" + mainSid, Match{}, ErrMalformedBody},
		{"two accounts, one escaped", all, subToken, "AccountSid=" + subSid + "&Account%53id=" + mainSid, Match{}, ErrMalformedBody},
		{"the same twice", all, subToken, "AccountSid=" + subSid + "&AccountSid=" + subSid, Match{AccountSid: subSid}, nil},
		{"empty account", all, primary, "AccountSid=", Match{AccountSid: mainSid}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := mustNew(t, c.config)
			match, err := v.Verify(post(t, c.token, base+"/v", "/v", c.body))
			if match != c.match || !errors.Is(err, c.err) || c.err == nil && err != nil {
				t.Errorf("POST: %+v, %v", match, err)
			}
			// The same account in the query of a GET.
			want := c.err
			if want == ErrMalformedBody {
				want = ErrMalformedTarget
			}
			target := "/v?" + c.body
			match, err = v.Verify(Request{Method: "GET", Target: target, Signature: Sign(c.token, base+target, nil)})
			if match != c.match || !errors.Is(err, want) || want == nil && err != nil {
				t.Errorf("GET: %+v, %v", match, err)
			}
		})
	}
	// JSON names no account in its body, so every token is tried.
	v := mustNew(t, all)
	signedURL, sig := SignBody(subToken, base+"/v?AccountSid="+mainSid, []byte("{}"))
	match, err := v.Verify(Request{Method: "POST", Target: strings.TrimPrefix(signedURL, base), Signature: sig, Body: []byte("{}")})
	if err != nil || match.AccountSid != subSid {
		t.Errorf("JSON: %+v, %v", match, err)
	}
}

func TestConfigurationThatCannotBeSafeIsRefused(t *testing.T) {
	ok := Config{URL: "https://h.example", Tokens: []string{primary}}
	for _, c := range []struct {
		name string
		edit func(*Config)
		want error
	}{
		{"no token", func(c *Config) { c.Tokens = nil }, ErrNoToken},
		{"empty token", func(c *Config) { c.Tokens = []string{""} }, ErrNoToken},
		{"empty secondary", func(c *Config) { c.Tokens = []string{primary, ""} }, ErrNoToken},
		{"account without token", func(c *Config) { c.AccountTokens = map[string][]string{subSid: nil} }, ErrNoToken},
		{"account with an empty token", func(c *Config) { c.AccountTokens = map[string][]string{subSid: {""}} }, ErrNoToken},
		{"white space from a file", func(c *Config) { c.Tokens = []string{primary + "\n"} }, ErrInvalidToken},
		{"API key for an account", func(c *Config) { c.AccountSid = "SK00000000000000000000000000000001" }, ErrInvalidAccount},
		{"account listed twice", func(c *Config) { c.AccountSid, c.AccountTokens = subSid, map[string][]string{subSid: {subToken}} }, ErrInvalidAccount},
		{"no URL", func(c *Config) { c.URL = "" }, ErrInvalidURL},
		{"no scheme", func(c *Config) { c.URL = "h.example" }, ErrInvalidURL},
		{"other scheme", func(c *Config) { c.URL = "ftp://h.example" }, ErrInvalidURL},
		{"no host", func(c *Config) { c.URL = "https:///x" }, ErrInvalidURL},
		{"no host but userinfo", func(c *Config) { c.URL = "https://u:p@" }, ErrInvalidURL},
		{"opaque", func(c *Config) { c.URL = "https:h.example" }, ErrInvalidURL},
		{"query", func(c *Config) { c.URL = "https://h.example?a" }, ErrInvalidURL},
		{"fragment", func(c *Config) { c.URL = "https://h.example/#rc=2" }, ErrInvalidURL},
		{"white space", func(c *Config) { c.URL = " https://h.example" }, ErrInvalidURL},
		{"empty port", func(c *Config) { c.URL = "https://h.example:" }, ErrInvalidURL},
		{"port out of range", func(c *Config) { c.URL = "https://h.example:70000" }, ErrInvalidURL},
		{"IPv6 without brackets", func(c *Config) { c.URL = "https://2001:db8::1" }, ErrInvalidURL},
	} {
		t.Run(c.name, func(t *testing.T) {
			config := ok
			c.edit(&config)
			if v, err := New(config); v != nil || !errors.Is(err, c.want) {
				t.Errorf("%v, want %v", err, c.want)
			}
		})
	}
}

func TestVerifierNotMadeByNewRefusesWithoutPanic(t *testing.T) {
	var v Verifier
	req := post(t, "", "/v", "/v", "CallSid=CA1")
	if _, err := v.Verify(req); !errors.Is(err, ErrNoToken) {
		t.Errorf("verify: %v", err)
	}
	if causes := v.Explain(req, Suspects{}); len(causes) != 1 || causes[0].Kind != CauseToken {
		t.Errorf("explain: %+v", causes)
	}
	r := httptest.NewRequest("POST", "/v", strings.NewReader("CallSid=CA1"))
	r.Header.Set(Header, req.Signature)
	w := httptest.NewRecorder()
	v.Middleware(http.NotFoundHandler()).ServeHTTP(w, r)
	if w.Code != http.StatusForbidden {
		t.Errorf("middleware: %d", w.Code)
	}
}

func TestSecretsAreNeverPrinted(t *testing.T) {
	c := Config{URL: "https://user:passphrase@h.example", Tokens: []string{primary, secondary},
		AccountTokens: map[string][]string{subSid: {subToken}}}
	v := mustNew(t, c)
	var texts []string
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%d", "%q"} {
		texts = append(texts, fmt.Sprintf(format, c), fmt.Sprintf(format, v), fmt.Sprintf(format, &c))
	}
	var log strings.Builder
	for _, h := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
		slog.New(h).Info("x", "config", c, "verifier", v)
	}
	texts = append(texts, log.String())
	req := post(t, "another", "https://h.example/v?secret=query", "/v?secret=query", "AccountSid="+subSid+"&From=%2B15551234567")
	_, err := v.Verify(req)
	texts = append(texts, err.Error(), fmt.Sprintf("%+v", err))
	for _, bad := range []Config{{URL: c.URL, Tokens: []string{primary + " "}}, {URL: c.URL + "?", Tokens: c.Tokens}} {
		_, err := New(bad)
		texts = append(texts, err.Error())
	}
	for _, text := range texts {
		for _, secret := range []string{primary, secondary, subToken, "passphrase", req.Signature, "5551234567", "secret"} {
			if strings.Contains(text, secret) {
				t.Errorf("%q is in %q", secret, text)
			}
		}
	}
}

func TestVerdictSaysWhatWasTried(t *testing.T) {
	v := mustNew(t, Config{URL: "https://u@h.example", Tokens: []string{primary, secondary}})
	_, err := v.Verify(post(t, "another", "https://h.example/v", "/v?q='", "AccountSid="+strangeSid))
	want := "verifying Twilio signature: wrong signature (tokens tried: 2, forms of the URL: 8) (account AC…0003)"
	if err.Error() != want {
		t.Errorf("%q\nwant %q", err, want)
	}
}

func TestMalformedAccountSidStaysOutOfTheLog(t *testing.T) {
	v := mustNew(t, Config{URL: "https://h.example", Tokens: []string{primary}, AccountSid: mainSid})
	_, err := v.Verify(post(t, primary, "https://h.example/v", "/v", url.Values{"AccountSid": {"AC\nlevel=ERROR msg=boom 34 letters"}}.Encode()))
	if !errors.Is(err, ErrUnknownAccount) || strings.Contains(err.Error(), "boom") {
		t.Error(err)
	}
}

// Host and X-Forwarded-* are the sender's words.
func TestForwardedHeadersDoNotChooseTheURL(t *testing.T) {
	v := mustNew(t, Config{URL: "https://h.example", Tokens: []string{primary}})
	r := httptest.NewRequest("POST", "/v", nil)
	r.Host = "evil.example"
	r.Header.Set("X-Forwarded-Host", "evil.example")
	r.Header.Set("X-Forwarded-Proto", "http")
	r.Header.Set("Content-Type", formType)
	for signed, want := range map[string]error{"https://h.example/v": nil, "https://evil.example/v": ErrWrongSignature, "http://evil.example/v": ErrWrongSignature} {
		r.Header.Set(Header, Sign(primary, signed, url.Values{"a": {"1"}}))
		if _, err := v.VerifyRequest(r, []byte("a=1")); !errors.Is(err, want) || want == nil && err != nil {
			t.Errorf("%s: %v", signed, err)
		}
	}
}

// A router may strip a prefix from r.URL; the signed bytes are the raw ones.
func TestRewrittenURLIsVerifiedByItsRawTarget(t *testing.T) {
	v := mustNew(t, Config{URL: "https://h.example", Tokens: []string{primary}})
	var err error
	h := http.StripPrefix("/app", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, err = v.VerifyRequest(r, nil)
	}))
	r := httptest.NewRequest("POST", "/app/v?a=%2f", nil)
	r.Header.Set(Header, Sign(primary, "https://h.example/app/v?a=%2f", nil))
	h.ServeHTTP(httptest.NewRecorder(), r)
	if err != nil {
		t.Error(err)
	}
}

// Scratch state is shared between goroutines by the pool: each must get its own
// verdict. Meant for the race detector.
func TestConcurrentRequestsGetTheirOwnVerdicts(t *testing.T) {
	v := mustNew(t, Config{URL: "https://h.example", Tokens: []string{primary, secondary}})
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range 200 {
				body := fmt.Sprintf("CallSid=CA%d&Digits=%d&%d=1", g, i, g)
				token := []string{primary, secondary, "forged"}[(g+i)%3]
				match, err := v.Verify(post(t, token, "https://h.example/v", "/v", body))
				if forged := token == "forged"; forged != (err != nil) || !forged && match.Token != (g+i)%3 {
					t.Errorf("token %d: %+v, %v", (g+i)%3, match, err)
				}
			}
		}()
	}
	wg.Wait()
}

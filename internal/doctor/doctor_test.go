package doctor_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/doctor"
	"github.com/i-agent/iagent/internal/openai"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/store/storetest"
	"github.com/i-agent/iagent/internal/testdb"
	"github.com/i-agent/iagent/internal/twilio"
	"github.com/i-agent/iagent/signature"
	"github.com/i-agent/iagent/simulator"
)

const (
	account = "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	token   = "0123456789abcdef0123456789abcdef"
	newer   = "fedcba9876543210fedcba9876543210"
	number  = "+15550000000"
)

// finding runs one check.
func finding(t *testing.T, config doctor.Config, name string) doctor.Finding {
	t.Helper()
	config.Only = []string{name}
	for _, f := range doctor.Run(t.Context(), config, nil) {
		if f.Name == name {
			if (f.Result == doctor.Warn || f.Result == doctor.Fail) && (f.Cure == "" || strings.Contains(f.Cure, "\n")) {
				t.Errorf("%s has no cure in one line: %+v", name, f)
			}
			for _, secret := range []string{token, newer, "sk-secret"} {
				if strings.Contains(f.Detail+f.Cure+f.LookedAt, secret) {
					t.Errorf("a secret is shown: %+v", f)
				}
			}
			return f
		}
	}
	t.Fatalf("there is no check %s", name)
	return doctor.Finding{}
}

// expect fails the test unless a check has this result and says this.
func expect(t *testing.T, config doctor.Config, name string, want doctor.Result, says string) {
	t.Helper()
	if f := finding(t, config, name); f.Result != want || !strings.Contains(f.Detail+f.Cure, says) {
		t.Errorf("%s: %+v, want %s with %q", name, f, want, says)
	}
}

// simulated is an installation beside a simulated Twilio.
func simulated(t *testing.T, config simulator.Config) (*simulator.Simulator, doctor.Config) {
	t.Helper()
	config.AccountSid, config.AuthToken, config.OpenAIKey, config.Model = account, token, "sk-secret", simulator.MinimalModel
	sim, err := simulator.New(config)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	return sim, doctor.Config{
		AccountSid: account, Tokens: []string{token}, PhoneNumber: number, APIURL: server.URL, BaseURL: "https://calls.example.com",
		Models: &openai.Config{APIKey: "sk-secret", BaseURL: server.URL + "/v1", TranscribeModel: "whisper-1", ExtractModel: "gpt-4o-mini"}, Retention: 168 * time.Hour,
	}
}

func TestDoctorTellsWhatTwilioSaysOfTheAccount(t *testing.T) {
	sim, config := simulated(t, simulator.Config{Numbers: []string{number}})
	for name, says := range map[string]string{"twilio.token": "accepts it", "twilio.account": "active", "twilio.balance": "100.00 USD",
		"twilio.permissions": "US"} {
		expect(t, config, name, doctor.OK, says)
	}
	expect(t, config, "twilio.number", doctor.Warn, "whoever calls it back is not answered")
	expect(t, config, "twilio.secondary-token", doctor.Skipped, "not set")

	wrong := config
	wrong.Tokens = []string{newer}
	expect(t, wrong, "twilio.token", doctor.Fail, "refuses it (401, 20003)")
	expect(t, wrong, "twilio.account", doctor.Skipped, "no token is accepted")
	wrong.Tokens = []string{token, newer}
	expect(t, wrong, "twilio.secondary-token", doctor.Warn, "401")
	wrong.Tokens, wrong.AccountTokens = []string{token}, map[string][]string{account: {newer}}
	expect(t, wrong, "twilio.subaccount-token", doctor.Fail, "401")
	away := config
	away.APIURL = "http://127.0.0.1:1"
	expect(t, away, "twilio.token", doctor.Fail, "not reached")
	away.APIURL = httptest.NewServer(http.NotFoundHandler()).URL
	expect(t, away, "twilio.token", doctor.Fail, "TWILIO_API_URL")
	unset := config
	unset.AccountSid, unset.PhoneNumber = "", ""
	expect(t, unset, "twilio.token", doctor.Warn, "no call can be placed")

	for _, change := range []struct {
		name   string
		to     simulator.Account
		want   doctor.Result
		says   string
		caller string
	}{
		{"twilio.account", simulator.Account{Status: "suspended"}, doctor.Fail, "suspended", ""},
		{"twilio.account", simulator.Account{Trial: true}, doctor.Warn, "trial", ""},
		{"twilio.balance", simulator.Account{Balance: "-0.10"}, doctor.Fail, "add funds", ""},
		{"twilio.balance", simulator.Account{Balance: "3.20"}, doctor.Warn, "3.20", ""},
		{"twilio.number", simulator.Account{VoiceURL: "https://calls.example.com/api/webhooks/twilio/voice?key=s3cr3t"}, doctor.OK, "whoever calls it is answered", ""},
		{"twilio.number", simulator.Account{VoiceURL: "https://calls.example.com/api/webhooks/v1/twilio/status"}, doctor.Fail, "is not the voice webhook", ""},
		{"twilio.number", simulator.Account{VoiceURL: "https://other.example.com/hello?key=s3cr3t"}, doctor.Warn, "voice URL https://other.example.com/hello POST", ""},
		{"twilio.number", simulator.Account{}, doctor.Fail, "neither the account's", "+15550009999"},
		{"twilio.number", simulator.Account{CallerIDs: []string{"+15550009999"}}, doctor.OK, "verified caller id", "+15550009999"},
		{"twilio.permissions", simulator.Account{Forbidden: []string{"LV"}}, doctor.Fail, "LV", "+37120000000"},
		{"twilio.permissions", simulator.Account{}, doctor.OK, "LV", "+37120000000"},
		{"twilio.permissions", simulator.Account{}, doctor.OK, ": BS", "+12425550000"},
	} {
		sim.ChangeAccount(func(a *simulator.Account) { *a = change.to })
		asked := config
		if change.caller != "" {
			asked.PhoneNumber = change.caller
		}
		if change.name == "twilio.permissions" {
			asked.Callee = change.caller
		}
		expect(t, asked, change.name, change.want, change.says)
		if f := finding(t, asked, change.name); strings.Contains(f.Detail, "s3cr3t") {
			t.Errorf("the query of a URL is shown: %+v", f)
		}
	}
}

func TestDoctorTellsAWrongKeyAnUnknownModelAndAServerThatIsAwayApart(t *testing.T) {
	_, config := simulated(t, simulator.Config{})
	expect(t, config, "models.transcribe", doctor.OK, "it answered")
	expect(t, config, "models.extract", doctor.OK, "it answered")
	with := func(change func(*openai.Config)) doctor.Config {
		c, models := config, *config.Models
		change(&models)
		c.Models = &models
		return c
	}
	unknown := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write([]byte(`{"error":{"message":"The model does not exist","type":"invalid_request_error","code":"model_not_found"}}`))
	}))
	defer unknown.Close()
	for _, name := range []string{"models.transcribe", "models.extract"} {
		expect(t, with(func(c *openai.Config) { c.APIKey = "sk-other" }), name, doctor.Fail, "refuses the key")
		expect(t, with(func(c *openai.Config) { c.BaseURL = "http://127.0.0.1:1/v1" }), name, doctor.Fail, "server is away")
		expect(t, with(func(c *openai.Config) { c.BaseURL = unknown.URL + "/v1" }), name, doctor.Fail, "does not know the model")
		none := config
		none.Models = nil
		expect(t, none, name, doctor.Warn, "neither transcribed")
	}
}

func TestDoctorNamesAPoolerThatSharesSessions(t *testing.T) {
	direct := storetest.Postgres(t)
	expect(t, doctor.Config{DatabaseURL: testdb.PgBouncer(t, direct, "session")}, "database.sessions", doctor.OK, "keeps its own")
	expect(t, doctor.Config{DatabaseURL: testdb.PgBouncer(t, direct, "transaction")}, "database.sessions", doctor.Fail, "pool_mode = session")
}

func TestDoctorLooksIntoTheDatabase(t *testing.T) {
	storetest.EachAtOnce(t, func(t *testing.T, url string) {
		config := doctor.Config{DatabaseURL: url}
		for _, f := range doctor.Run(t.Context(), doctor.Config{DatabaseURL: url, Only: []string{"database", "disk", "retention"}, Retention: 168 * time.Hour}, nil) {
			if f.Result != doctor.OK && f.Result != doctor.Skipped {
				t.Errorf("%+v", f)
			}
		}
		ahead := config
		ahead.Now = func() time.Time { return time.Now().Add(time.Minute) }
		if strings.HasPrefix(url, "postgres") {
			expect(t, ahead, "database.clock", doctor.Warn, "NTP")
		}
	})
	missing := doctor.Config{DatabaseURL: "sqlite:" + filepath.Join(t.TempDir(), "none.db")}
	expect(t, missing, "database.open", doctor.Fail, "there is no file")
	if _, err := os.Stat(strings.TrimPrefix(missing.DatabaseURL, "sqlite:")); err == nil {
		t.Error("the doctor made a database")
	}
	expect(t, doctor.Config{DatabaseURL: "postgres://u:pw-secret@127.0.0.1:1/x"}, "database.open", doctor.Fail, "Postgres runs")
	empty := testdb.SQLite(t)
	if err := os.WriteFile(empty, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	expect(t, doctor.Config{DatabaseURL: "sqlite:" + empty}, "database.files", doctor.Warn, "chmod 600")
	expect(t, doctor.Config{DatabaseURL: "sqlite:" + empty}, "database.schema", doctor.Fail, "plain copy")
	faulty := doctor.Config{DatabaseURL: "mysql://h/d", Faults: []string{"DATABASE_URL: must begin with postgres:// or sqlite:"}}
	expect(t, faulty, "database.write", doctor.Skipped, "DATABASE_URL must be right first")
	expect(t, faulty, "configuration.settings", doctor.Fail, "DATABASE_URL: must begin")
	expect(t, doctor.Config{RedisURL: testdb.Redis(t)}, "redis.write", doctor.OK, "agree")
	expect(t, doctor.Config{RedisURL: "redis://:sk-secret@127.0.0.1:1/0"}, "redis.write", doctor.Fail, "REDIS_URL")
	expect(t, doctor.Config{Retention: time.Hour}, "retention.settings", doctor.Warn, "RETENTION")
	expect(t, doctor.Config{Retention: 168 * time.Hour, DedupRetention: 24 * time.Hour}, "retention.settings", doctor.Fail, "DEDUP_RETENTION")
}

// The old token can go once the new one signs and the old one has signed nothing for an hour, whichever variables they are in.
func TestDoctorSaysWhenTheOldTokenCanGo(t *testing.T) {
	url, now := storetest.SQLite(t), time.Now()
	s, err := store.Open(t.Context(), url, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	config := doctor.Config{DatabaseURL: url, Store: s, Tokens: []string{token, newer}}
	signed := func(token string, at time.Time) {
		t.Helper()
		if err := s.NoteTokenUses(t.Context(), []store.TokenUse{{Fingerprint: twilio.Fingerprint(token), For: "webhook", First: at, Last: at}}); err != nil {
			t.Fatal(err)
		}
	}
	expect(t, config, "tokens.rotation", doctor.OK, "no webhook came yet")
	signed(token, now)
	expect(t, config, "tokens.rotation", doctor.OK, "signs nothing until it is promoted")
	signed(newer, now.Add(time.Minute))
	expect(t, config, "tokens.rotation", doctor.OK, "was promoted; wait until TWILIO_AUTH_TOKEN has signed nothing for 1h0m0s; TWILIO_AUTH_TOKEN: signed last at "+now.UTC().Format(time.DateTime)+" UTC, used for REST last never")
	config.Now = func() time.Time { return now.Add(2 * time.Hour) }
	expect(t, config, "tokens.rotation", doctor.Warn, "make TWILIO_AUTH_TOKEN_SECONDARY the TWILIO_AUTH_TOKEN")
	config.Tokens = []string{newer, token}
	signed(newer, now.Add(2*time.Hour))
	expect(t, config, "tokens.rotation", doctor.Warn, "remove TWILIO_AUTH_TOKEN_SECONDARY: the old one can go")
	config.Tokens = []string{newer}
	expect(t, config, "tokens.rotation", doctor.OK, "no rotation is under way")
}

// webhooks answers the self-test as a server does whose tokens and public URL are these.
func webhooks(t *testing.T, publicURL string, tokens ...string) http.Handler {
	t.Helper()
	verifier, err := signature.New(signature.Config{URL: publicURL, Tokens: tokens})
	if err != nil {
		t.Fatal(err)
	}
	return doctor.SelfTest{Verifier: verifier, Tokens: tokens, PublicURL: publicURL, Refuse: func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusForbidden)
		_, _ = w.Write([]byte(`{"error":"Invalid signature"}`))
	}}
}

// through carries requests to a handler, changed on their way.
type through struct {
	to     http.Handler
	change func(r *http.Request)
}

func (p through) RoundTrip(r *http.Request) (*http.Response, error) {
	in := r.Clone(context.Background())
	in.RequestURI, in.RemoteAddr = r.URL.RequestURI(), "192.0.2.1:1"
	if p.change != nil {
		p.change(in)
	}
	w := httptest.NewRecorder()
	p.to.ServeHTTP(w, in)
	return w.Result(), nil
}

func TestDoctorTriesThePublicURLAsTwilioDoes(t *testing.T) {
	const base = "https://calls.example.com"
	server := webhooks(t, base, token)
	status := func(code int, header ...string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			for n := 0; n+1 < len(header); n += 2 {
				w.Header().Set(header[n], header[n+1])
			}
			w.WriteHeader(code)
		})
	}
	for name, test := range map[string]struct {
		way  through
		want doctor.Result
		says string
	}{
		"as it was sent":      {through{server, nil}, doctor.OK, "arrived as it was sent"},
		"the secondary token": {through{webhooks(t, base, newer, token), nil}, doctor.OK, "arrived"},
		"other tokens":        {through{webhooks(t, base, newer), nil}, doctor.Fail, "knows none of these auth tokens"},
		"another APP_URL":     {through{webhooks(t, "http://calls.example.com", token), nil}, doctor.Fail, "the server's APP_URL is http://calls.example.com"},
		"a sorted query": {through{server, func(r *http.Request) {
			r.RequestURI = r.URL.Path + "?" + r.URL.Query().Encode()
		}}, doctor.Fail, "query"},
		"a path with a prefix": {through{server, func(r *http.Request) { r.RequestURI = "/base" + r.RequestURI }}, doctor.Fail, "path"},
		"another type":         {through{server, func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }}, doctor.Fail, "Content-Type"},
		"no signature":         {through{server, func(r *http.Request) { r.Header.Del(signature.Header) }}, doctor.Fail, "X-Twilio-Signature"},
		"one of http":          {through{webhooks(t, "http://calls.example.com", token), nil}, doctor.Fail, "scheme: "},
		"a quoted signature": {through{server, func(r *http.Request) {
			r.Header.Set(signature.Header, `"`+r.Header.Get(signature.Header)+`"`)
		}}, doctor.Fail, "let the proxy pass X-Twilio-Signature on"},
		"a redirect":           {through{status(301, "Location", "https://www.example.com/"), nil}, doctor.Fail, "redirected"},
		"a proxy alone":        {through{status(502), nil}, doctor.Fail, "does not reach i-agent"},
		"credentials":          {through{status(401), nil}, doctor.Fail, "credentials"},
		"a path not passed on": {through{status(404), nil}, doctor.Fail, "/api/webhooks/"},
		"a firewall":           {through{status(403), nil}, doctor.Fail, "firewall"},
		"somebody else":        {through{status(200), nil}, doctor.Fail, "not this i-agent"},
	} {
		t.Run(name, func(t *testing.T) {
			expect(t, doctor.Config{BaseURL: base, Tokens: []string{token}, Transport: test.way}, "url.webhook", test.want, test.says)
		})
	}
	tls := httptest.NewTLSServer(server)
	defer tls.Close()
	expect(t, doctor.Config{BaseURL: tls.URL, Tokens: []string{token}}, "url.webhook", doctor.Fail, "certificate is not trusted")
	expect(t, doctor.Config{BaseURL: "http://127.0.0.1:1", Tokens: []string{token}}, "url.webhook", doctor.Fail, "start iagent serve")
	expect(t, doctor.Config{BaseURL: "http://127.0.0.1:1", Tokens: []string{token}}, "url.address", doctor.Warn, "Twilio does not reach it")
}

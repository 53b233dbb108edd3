package app

import (
	"cmp"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/jobs"
	"github.com/i-agent/iagent/internal/openai"
	"github.com/i-agent/iagent/internal/store"
)

// Config is the configuration, from flags or the environment. Values are kept as they were written, so that [Config.Check]
// can name every fault at once.
type Config struct {
	AuthToken          string `name:"twilio-auth-token" env:"TWILIO_AUTH_TOKEN" help:"Auth token of the Twilio account: signs webhooks and, with the SID, REST. Required."`
	AuthTokenSecondary string `name:"twilio-auth-token-secondary" env:"TWILIO_AUTH_TOKEN_SECONDARY" help:"Secondary auth token, also accepted while rotating."`
	AccountTokens      string `name:"twilio-account-tokens" env:"TWILIO_ACCOUNT_TOKENS" placeholder:"AC…=TOKEN,…" help:"Auth tokens of subaccounts."`
	AccountSid         string `name:"twilio-account-sid" env:"TWILIO_ACCOUNT_SID" help:"Twilio account. Required to dial."`
	PhoneNumber        string `name:"twilio-phone-number" env:"TWILIO_PHONE_NUMBER" help:"Caller id, E.164. Required to dial."`
	PhoneNumbers       string `name:"twilio-phone-numbers" env:"TWILIO_PHONE_NUMBERS" placeholder:"NUMBER,…" help:"Further caller ids, E.164: calls are spread among all of them, and a contact is called from the same one again."`
	APIURL             string `name:"twilio-api-url" env:"TWILIO_API_URL" help:"Base URL of Twilio's REST API, for other regions and the simulator." placeholder:"https://api.twilio.com"`
	URL                string `name:"app-url" env:"APP_URL,NEXT_PUBLIC_APP_URL" help:"Public base URL at which Twilio reaches this server. Required."`
	FallbackURL        string `name:"fallback-app-url" env:"FALLBACK_APP_URL" placeholder:"URL" help:"APP_URL of a second installation on the same database, which Twilio asks for TwiML that this one could not give; without it Twilio asks this one again."`
	DatabaseURL        string `name:"database-url" env:"DATABASE_URL" default:"sqlite:iagent.db" help:"postgres://… or sqlite:PATH."`
	Host               string `name:"host" env:"HOST" default:"127.0.0.1" help:"Listen address."`
	Port               string `name:"port" env:"PORT" default:"3000" help:"Listen port."`
	AdminToken         string `name:"admin-token" env:"ADMIN_TOKEN" help:"Bearer token of the API, password of the console. Required unless HOST and APP_URL are both loopback."`
	ViewerToken        string `name:"viewer-token" env:"VIEWER_TOKEN" help:"Bearer token for reads of the API, with phone numbers masked."`
	OpenAIKey          string `name:"openai-api-key" env:"OPENAI_API_KEY" help:"Key of the OpenAI-compatible server. Required to transcribe, unless OPENAI_BASE_URL names a server that needs none."`
	OpenAIBaseURL      string `name:"openai-base-url" env:"OPENAI_BASE_URL" help:"Base URL of the OpenAI-compatible server." placeholder:"https://api.openai.com/v1"`
	TranscribeModel    string `name:"transcribe-model" env:"TRANSCRIBE_MODEL" default:"${transcribe_model}" help:"Speech-to-text model."`
	ExtractModel       string `name:"extract-model" env:"EXTRACT_MODEL" default:"${extract_model}" help:"Language model for claims and verdicts."`
	RedisURL           string `name:"redis-url" env:"REDIS_URL" help:"Redis for rate limits shared by processes; without it they are kept in memory."`
	JobsEngine         string `name:"jobs-engine" env:"JOBS_ENGINE" default:"river" help:"What runs the functions: river or inngest."`
	InngestEventKey    string `name:"inngest-event-key" env:"INNGEST_EVENT_KEY" help:"Event key of Inngest. Required with JOBS_ENGINE=inngest, unless INNGEST_DEV."`
	InngestSigningKey  string `name:"inngest-signing-key" env:"INNGEST_SIGNING_KEY" help:"Signing key of Inngest. Required with JOBS_ENGINE=inngest, unless INNGEST_DEV."`
	InngestFallbackKey string `name:"inngest-signing-key-fallback" env:"INNGEST_SIGNING_KEY_FALLBACK" help:"Previous signing key of Inngest, also accepted while rotating."`
	InngestBaseURL     string `name:"inngest-base-url" env:"INNGEST_BASE_URL" placeholder:"URL" help:"Self-hosted Inngest server; without it Inngest Cloud."`
	InngestServeHost   string `name:"inngest-serve-host" env:"INNGEST_SERVE_HOST,INNGEST_SERVE_ORIGIN" placeholder:"URL" help:"Base URL at which Inngest calls this program, where that is not APP_URL."`
	InngestDev         string `name:"inngest-dev" env:"INNGEST_DEV" placeholder:"1|URL" help:"Use an Inngest development server, which signs nothing: 1, or its URL. It must run on this machine."`
	Retention          `embed:""`
	DialsPerMinute     string `name:"dials-per-minute" env:"DIALS_PER_MINUTE" default:"10" help:"Dials a minute per campaign; the rest wait."`
	PersonCallsPerDay  string `name:"person-calls-per-day" env:"PERSON_CALLS_PER_DAY" default:"3" help:"Calls that one number gets within 24 hours over all campaigns; 0 is no bound."`
	OverdueAfter       string `name:"overdue-after" env:"OVERDUE_AFTER" default:"30m" help:"How long an answered call may last before its end is late. An answer or a recording is late after a sixth of that."`
	ReconcileEvery     string `name:"reconcile-every" env:"RECONCILE_EVERY" default:"10s" help:"How often to look for calls of which something is late, to ask Twilio about them; 0 never asks."`
	ShutdownDelay      string `name:"shutdown-delay" env:"SHUTDOWN_DELAY" default:"0s" help:"How long to take requests after being told to stop, with /readyz answered 503, so that a load balancer can find out."`
	WebhookVersion     string `name:"webhook-version" env:"WEBHOOK_VERSION" default:"v1" help:"Version of the webhooks with which new calls are dialled."`
	ShadowVersion      string `name:"shadow-version" env:"SHADOW_VERSION" placeholder:"VERSION" help:"Version of the webhooks that is tried beside the one that takes effect, and only compared."`
	TrustedProxies     string `name:"trusted-proxies" env:"TRUSTED_PROXIES" placeholder:"CIDR,…" help:"Proxies whose X-Forwarded-For names the client for rate limits. The webhooks' URL never depends on it."`
	LogFormat          string `name:"log-format" env:"LOG_FORMAT" default:"text" help:"text or json."`
	LogLevel           string `name:"log-level" env:"LOG_LEVEL" default:"info" help:"debug, info, warn or error."`
}

// Defaults are the values of Config that other packages know, by the names that its tags call them (kong.Vars).
func Defaults() map[string]string {
	return map[string]string{"transcribe_model": openai.DefaultTranscribeModel, "extract_model": openai.DefaultExtractModel,
		"shortest_dedup": shortestDedup()}
}

// String shows nothing: a configuration holds secrets.
func (Config) String() string { return "app.Config" }

// GoString shows nothing.
func (Config) GoString() string { return "app.Config" }

// Secrets are the values that must never be seen, for the log to redact.
func (c Config) Secrets() []string {
	secrets := []string{c.AuthToken, c.AuthTokenSecondary, c.AdminToken, c.ViewerToken, c.OpenAIKey, c.InngestEventKey, c.InngestSigningKey, c.InngestFallbackKey}
	for pair := range strings.SplitSeq(c.AccountTokens, ",") {
		if _, token, ok := strings.Cut(pair, "="); ok {
			secrets = append(secrets, strings.TrimSpace(token))
		}
	}
	for _, text := range []string{c.URL, c.FallbackURL, c.APIURL, c.DatabaseURL, c.RedisURL, c.OpenAIBaseURL, c.InngestBaseURL, c.InngestServeHost, c.InngestDev} {
		secrets = append(secrets, passwords(text)...)
	}
	return slices.DeleteFunc(secrets, func(s string) bool { return s == "" })
}

// passwords are those of a URL, each as it was written and as it is meant.
func passwords(text string) []string {
	u, err := url.Parse(text)
	if err != nil {
		return nil
	}
	found := []string{u.Query().Get("password")} // as Postgres takes it, too
	if password, ok := u.User.Password(); ok {
		_, rest, _ := strings.Cut(text, "//")
		authority := strings.FieldsFunc(rest, func(r rune) bool { return strings.ContainsRune("/?#", r) })[0]
		_, written, _ := strings.Cut(authority[:strings.LastIndexByte(authority, '@')], ":")
		found = append(found, password, written)
	}
	return found
}

// settings is a configuration that was checked.
type settings struct {
	Config
	callerIDs      []string // those of TWILIO_PHONE_NUMBERS, without TWILIO_PHONE_NUMBER
	tokens         []string
	accountTokens  map[string][]string
	accounts       []string
	baseURL        string
	fallbackURL    string // "" where Twilio is to ask this installation again
	address        string
	loopback       bool
	periods        store.Periods
	dialsPerMinute int
	// personCallsPerDay is 0 for no bound.
	personCallsPerDay int
	reconcileEvery    time.Duration
	shutdownDelay     time.Duration
	deadlines         interview.Deadlines
	proxies           []netip.Prefix
	level             slog.Level
	inngest           *jobs.InngestConfig // nil on River
}

// ConfigError lists every fault of a configuration, a line for each, naming the variable and the cure.
type ConfigError struct{ Faults []string }

func (e *ConfigError) Error() string { return strings.Join(e.Faults, "\n") }

// Check reports all faults at once, as a *ConfigError.
func (c Config) Check() error {
	_, err := c.settings()
	return err
}

// CheckServing is Check for whoever serves, which needs more.
func (c Config) CheckServing() error {
	_, err := c.servingSettings()
	return err
}

func (c Config) settings() (settings, error) { return c.checked((*settings).checkAll) }

func (c Config) servingSettings() (settings, error) {
	return c.checked((*settings).checkAll, (*settings).checkAccess)
}

func (c Config) checked(checks ...func(s *settings, fault func(variable, cure string))) (settings, error) {
	s := settings{Config: c, accountTokens: map[string][]string{}}
	var faults []string
	for _, check := range checks {
		check(&s, func(variable, cure string) { faults = append(faults, variable+": "+cure) })
	}
	if len(faults) > 0 {
		return s, &ConfigError{Faults: faults}
	}
	return s, nil
}

func (s *settings) checkAll(fault func(variable, cure string)) {
	s.checkTokens(fault)
	s.checkTwilio(fault)
	s.checkServer(fault)
	s.checkParts(fault)
	s.checkVersions(fault)
	s.checkShutdownDelay(fault)
}

// checkAccess asks for a token where others than this machine's own programs may reach the API. A proxy on this machine may
// pass requests on as if this machine had asked, so nobody is believed to be this machine where APP_URL is public.
func (s *settings) checkAccess(fault func(variable, cure string)) {
	public, err := url.Parse(s.URL)
	if s.AdminToken == "" && (!s.loopback || err != nil || !loopbackName(public.Hostname())) {
		fault("ADMIN_TOKEN", "is missing; it is required unless HOST and APP_URL are both loopback addresses; set it to a long random text, such as that of: openssl rand -hex 32")
	}
	if s.ViewerToken != "" && s.ViewerToken == s.AdminToken {
		fault("VIEWER_TOKEN", "is the same as ADMIN_TOKEN; set it to another long random text, such as that of: openssl rand -hex 32")
	}
}

func (s *settings) checkTokens(fault func(variable, cure string)) {
	if s.AuthToken == "" {
		fault("TWILIO_AUTH_TOKEN", "is missing; set it to the auth token from the Twilio console")
	}
	for variable, token := range map[string]string{"TWILIO_AUTH_TOKEN": s.AuthToken, "TWILIO_AUTH_TOKEN_SECONDARY": s.AuthTokenSecondary} {
		if wrong := wrongToken(token); wrong != "" {
			fault(variable, wrong)
		}
		if token != "" {
			s.tokens = append(s.tokens, token)
		}
	}
	// The primary token comes first.
	if len(s.tokens) == 2 {
		s.tokens = []string{s.AuthToken, s.AuthTokenSecondary}
	}
	if s.AccountSid != "" {
		s.accounts = append(s.accounts, s.AccountSid)
	}
	for pair := range strings.SplitSeq(s.AccountTokens, ",") {
		if pair = strings.TrimSpace(pair); pair == "" {
			continue
		}
		sid, token, ok := strings.Cut(pair, "=")
		if !ok || !validAccountSid(sid) || token == "" || strings.ContainsAny(token, " \t\r\n") {
			fault("TWILIO_ACCOUNT_TOKENS", "must be AC…=token pairs, separated by commas; an AccountSid is AC and 32 hexadecimal digits")
			return
		}
		if wrong := wrongToken(token); wrong != "" {
			fault("TWILIO_ACCOUNT_TOKENS", "the token of "+sid+" "+wrong)
		}
		if len(s.accountTokens[sid]) == 2 {
			fault("TWILIO_ACCOUNT_TOKENS", "has more than two tokens for "+sid+"; an account has two at most, while they are rotated")
		}
		if sid == s.AccountSid {
			fault("TWILIO_ACCOUNT_TOKENS", "lists TWILIO_ACCOUNT_SID again; its token is TWILIO_AUTH_TOKEN")
		}
		s.accountTokens[sid] = append(s.accountTokens[sid], token)
		s.accounts = append(s.accounts, sid)
	}
	if s.AccountSid == "" {
		// Without the main account's name nobody can say which accounts are unknown.
		s.accounts = nil
	}
}

func (s *settings) checkTwilio(fault func(variable, cure string)) {
	if s.AccountSid != "" && !validAccountSid(s.AccountSid) {
		fault("TWILIO_ACCOUNT_SID", "must be AC and 32 hexadecimal digits, as the Twilio console shows it; API keys (SK…) do not sign webhooks")
	}
	if s.PhoneNumber != "" && !interview.ValidPhoneNumber(s.PhoneNumber) {
		fault("TWILIO_PHONE_NUMBER", "must be E.164, such as +15551234567")
	}
	s.callerIDs = nil
	for number := range strings.SplitSeq(s.PhoneNumbers, ",") {
		switch number = strings.TrimSpace(number); {
		case number == "" || number == s.PhoneNumber || slices.Contains(s.callerIDs, number):
		case !interview.ValidPhoneNumber(number):
			fault("TWILIO_PHONE_NUMBERS", "must be E.164 numbers separated by commas, such as +15551234567,+15557654321")
		default:
			s.callerIDs = append(s.callerIDs, number)
		}
	}
	if len(s.callerIDs) > 0 && s.PhoneNumber == "" {
		fault("TWILIO_PHONE_NUMBER", "is missing; set it to one of TWILIO_PHONE_NUMBERS")
	}
	if s.APIURL != "" && !httpURL(s.APIURL) {
		fault("TWILIO_API_URL", "must be an http or https URL")
	}
	s.baseURL = strings.TrimRight(s.URL, "/")
	switch {
	case s.URL == "":
		fault("APP_URL", "is missing; set it to the public base URL that Twilio calls, such as https://calls.example.com")
	case !publicURL(s.URL):
		fault("APP_URL", "must be an http or https URL without query or fragment")
	}
	if s.fallbackURL = strings.TrimRight(s.FallbackURL, "/"); s.FallbackURL != "" && !publicURL(s.FallbackURL) {
		fault("FALLBACK_APP_URL", "must be an http or https URL without query or fragment: the APP_URL of the second installation")
	}
}

func (s *settings) checkServer(fault func(variable, cure string)) {
	if port, err := strconv.Atoi(s.Port); err != nil || port < 0 || port > 65535 {
		fault("PORT", "must be a number from 0 to 65535")
	}
	s.address = net.JoinHostPort(s.Host, s.Port)
	s.loopback = loopbackName(s.Host)
	for text := range strings.SplitSeq(s.TrustedProxies, ",") {
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			addr, err := netip.ParseAddr(text)
			if err != nil {
				fault("TRUSTED_PROXIES", "must be addresses or CIDR ranges, separated by commas")
				break
			}
			prefix = netip.PrefixFrom(addr, addr.BitLen())
		}
		s.proxies = append(s.proxies, prefix)
	}
	if s.LogFormat != "text" && s.LogFormat != "json" {
		fault("LOG_FORMAT", "must be text or json")
	}
	if err := s.level.UnmarshalText([]byte(s.LogLevel)); err != nil {
		fault("LOG_LEVEL", "must be debug, info, warn or error")
	}
}

func (s *settings) checkParts(fault func(variable, cure string)) {
	checkDatabase(s.DatabaseURL, fault)
	if s.OpenAIBaseURL != "" && !httpURL(s.OpenAIBaseURL) {
		fault("OPENAI_BASE_URL", "must be an http or https URL")
	}
	if s.RedisURL != "" && !strings.HasPrefix(s.RedisURL, "redis://") && !strings.HasPrefix(s.RedisURL, "rediss://") {
		fault("REDIS_URL", "must begin with redis:// or rediss://")
	}
	s.checkEngine(fault)
	s.periods = s.Retention.periods(fault)
	limit, err := time.ParseDuration(cmp.Or(s.OverdueAfter, interview.DefaultCallLimit.String()))
	if err != nil || limit < 10*time.Second {
		fault("OVERDUE_AFTER", "must be a duration of at least 10s, such as 30m")
	}
	s.deadlines = interview.DeadlinesOf(limit)
	if s.reconcileEvery, err = time.ParseDuration(cmp.Or(s.ReconcileEvery, "10s")); err != nil || s.reconcileEvery < 0 {
		fault("RECONCILE_EVERY", "must be a duration such as 10s, or 0")
	}
	if s.dialsPerMinute, err = strconv.Atoi(s.DialsPerMinute); err != nil || s.dialsPerMinute < 1 {
		fault("DIALS_PER_MINUTE", "must be a number from 1")
	}
	if s.personCallsPerDay, err = strconv.Atoi(cmp.Or(s.PersonCallsPerDay, "3")); err != nil || s.personCallsPerDay < 0 {
		fault("PERSON_CALLS_PER_DAY", "must be a number from 0, which is no bound")
	}
}

// personCalls is the bound as the store takes it.
func (s settings) personCalls() int {
	if s.personCallsPerDay == 0 {
		return -1
	}
	return s.personCallsPerDay
}

// CheckDatabaseURL is Check for a program that needs only the database.
func CheckDatabaseURL(databaseURL string) error {
	_, err := Config{}.checked(func(_ *settings, fault func(variable, cure string)) { checkDatabase(databaseURL, fault) })
	return err
}

func checkDatabase(databaseURL string, fault func(variable, cure string)) {
	path, sqlite := strings.CutPrefix(databaseURL, "sqlite:")
	switch {
	case sqlite && path == "":
		fault("DATABASE_URL", "names no file; write sqlite:PATH")
	case sqlite, strings.HasPrefix(databaseURL, "postgres://"), strings.HasPrefix(databaseURL, "postgresql://"):
	default:
		fault("DATABASE_URL", "must begin with postgres:// or sqlite:")
	}
}

var accountSid = regexp.MustCompile(`^AC[0-9a-fA-F]{32}$`)

func validAccountSid(s string) bool { return accountSid.MatchString(s) }

// loopbackName reports whether a host name is this machine's own.
func loopbackName(host string) bool {
	addr, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && addr.Unmap().IsLoopback()
}

// publicURL says whether Twilio can be given URLs that begin with s.
func publicURL(s string) bool { return httpURL(s) && !strings.ContainsAny(s, "?#") }

func httpURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}

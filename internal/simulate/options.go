package simulate

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/i-agent/iagent/simulator"
)

// Options say which application is tested, and how. AccountSid and AuthToken are required, and URL unless WaitForCalls is set.
type Options struct {
	// Out, if set, gets the progress and the closing table.
	Out io.Writer
	// Terminal draws a progress bar instead of plain lines.
	Terminal bool

	// URL answers with TwiML; it may have a fragment with connection overrides, as may the others.
	URL, StatusURL, RecordingURL, FallbackURL string
	// Inbound makes people call the application, instead of the other way round.
	Inbound bool
	// SMS makes people text the application instead: URL and FallbackURL answer with TwiML for messages.
	SMS bool
	// WaitForCalls places none: the application dials, over REST.
	WaitForCalls bool

	AccountSid, AuthToken string
	OldToken              string // the other token, in the middle of a rotation
	From                  string // the application's number; empty is +15550000000

	Calls int     // to place or to wait for, or people who text; 0 means 100
	Rate  float64 // of them that begin in a second; 0 means 50
	// Seed is what everything random is drawn from.
	Seed uint64
	// Run is part of all SIDs, so that an application does not take the calls of another run for duplicates; empty is a new one.
	Run string

	Profile string             // empty is rough
	Rates   map[string]float64 // of single faults, by name, instead of the profile's
	People  *simulator.People  // who answers; nil is simulator.MixedPeople()
	Script  string             // the file that People was read from, for Result.Command

	// Listen is where the REST API, the recordings and the models are served; empty is a free port on loopback.
	Listen string
	// Linger is for how long a run that waits for calls or messages goes on serving after the last one and after the last REST
	// request: the application may still want recordings and models, or send another message. 0 means two seconds, and 15 s with
	// WaitForCalls: applications wait a little for more claims before they ask for a verdict.
	Linger time.Duration
	// Keep goes on serving after the report of a run that waited for calls, until the context ends: the application can still ask about its
	// calls, and make more. More calls make another report. A run that was cut short ends.
	Keep bool
	// Within bounds the run; 0 means ten minutes.
	Within time.Duration
	// Speed is how many times faster than real time the calls run; 0 does not wait at all.
	Speed float64
	// MarksDuplicates says that the application calls every duplicate so, as [simulator.Config] has it.
	MarksDuplicates bool
	// Models says what answers chat requests: scripted, which is [simulator.ScriptedModel] of the people, or minimal, which is
	// [simulator.MinimalModel]. Empty is scripted.
	Models string
}

// ArgumentError lists all faults of the options, one line each.
type ArgumentError struct{ Faults []string }

func (e *ArgumentError) Error() string { return strings.Join(e.Faults, "\n") }

// The values of Options.Models.
const (
	modelsScripted = "scripted"
	modelsMinimal  = "minimal"
)

var (
	number     = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)
	accountSid = regexp.MustCompile(`^AC[0-9a-fA-F]{32}$`)
)

// withDefaults fills in what is missing and names all that is wrong at once.
func (o Options) withDefaults() (Options, simulator.Faults, error) {
	var wrong []string
	fault := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	o.Out = cmp.Or(o.Out, io.Discard)
	o.From = cmp.Or(o.From, "+15550000000")
	o.Calls = cmp.Or(o.Calls, 100)
	o.Rate = cmp.Or(o.Rate, 50)
	o.Profile = cmp.Or(o.Profile, "rough")
	o.Listen = cmp.Or(o.Listen, "127.0.0.1:0")
	if o.Linger == 0 && o.WaitForCalls {
		o.Linger = 15 * time.Second
	}
	o.Linger = cmp.Or(o.Linger, 2*time.Second)
	o.Within = cmp.Or(o.Within, 10*time.Minute)
	o.Models = cmp.Or(o.Models, modelsScripted)
	if o.Models != modelsScripted && o.Models != modelsMinimal {
		fault("--models is %q: give %s or %s", o.Models, modelsScripted, modelsMinimal)
	}
	if o.Run == "" {
		b := make([]byte, 6)
		_, _ = rand.Read(b)
		o.Run = hex.EncodeToString(b)
	}
	if !accountSid.MatchString(o.AccountSid) {
		fault("--account is %q: give the SID that the application knows, AC and 32 hexadecimal digits", o.AccountSid)
	}
	if o.AuthToken == "" {
		fault("--token is missing: the auth token with which the application checks signatures")
	}
	for _, u := range []struct{ flag, url string }{{"--url", o.URL}, {"--status-url", o.StatusURL},
		{"--recording-url", o.RecordingURL}, {"--fallback-url", o.FallbackURL}} {
		if parsed, err := url.Parse(u.url); u.url != "" && (err != nil || parsed.Host == "" || parsed.Scheme != "http" && parsed.Scheme != "https") {
			fault("%s is %q: give an absolute URL, such as http://127.0.0.1:8080/voice", u.flag, u.url)
		}
	}
	if o.SMS && (o.WaitForCalls || o.Inbound || o.StatusURL+o.RecordingURL != "") {
		fault("--sms goes without --wait-for-calls, --inbound, --status-url and --recording-url: people text, and the application names its status callbacks")
	}
	if o.Keep && !o.WaitForCalls {
		fault("--keep goes with --wait-for-calls: in other runs nobody asks the simulator anything when all calls are over")
	}
	switch others := o.URL + o.StatusURL + o.RecordingURL + o.FallbackURL; {
	case o.WaitForCalls && others != "":
		fault("--wait-for-calls goes without URLs: the application names its own when it dials")
	case !o.WaitForCalls && o.URL == "":
		fault("--url is missing: where the application answers with TwiML; or give --wait-for-calls")
	}
	if !number.MatchString(o.From) {
		fault("--from is %q: give a number such as +15550000000", o.From)
	}
	if o.Calls < 0 || o.Calls > 1_000_000 {
		fault("--calls is %d: give 1 to 1000000", o.Calls)
	}
	if !(o.Rate > 0) {
		fault("--rate is %v: give how many calls begin in a second", o.Rate)
	}
	if o.Within < 0 {
		fault("--within is %s: it cannot be negative", o.Within)
	}
	if o.Linger < 0 {
		fault("--linger is %s: it cannot be negative", o.Linger)
	}
	if !(o.Speed >= 0) {
		fault("--speed is %v: it cannot be negative", o.Speed)
	}
	faults, err := simulator.ParseProfile(o.Profile)
	if err != nil {
		fault("--profile: %v", err)
	}
	for _, name := range slices.Sorted(maps.Keys(o.Rates)) {
		if err := faults.Set(simulator.Fault(name), o.Rates[name]); err != nil {
			fault("--fault: %v", err)
		}
	}
	if len(wrong) > 0 {
		return o, faults, &ArgumentError{wrong}
	}
	return o, faults, nil
}

// unit is what the run counts.
func (o Options) unit() string {
	if o.SMS {
		return "conversations"
	}
	return "calls"
}

// command is what starts this run again. The tokens are not in it, but the variables in which they are expected. A run that is
// started again gets a new name: with the same one the application would take everything for duplicates.
func (o Options) command() string {
	words := []string{"iagent simulate"}
	add := func(flag, value string) {
		if value != "" {
			words = append(words, flag, "'"+strings.ReplaceAll(value, "'", `'\''`)+"'")
		}
	}
	set := func(flag string, is bool) {
		if is {
			words = append(words, flag)
		}
	}
	add("--url", o.URL)
	add("--status-url", o.StatusURL)
	add("--recording-url", o.RecordingURL)
	add("--fallback-url", o.FallbackURL)
	set("--inbound", o.Inbound)
	set("--sms", o.SMS)
	set("--wait-for-calls", o.WaitForCalls)
	add("--account", o.AccountSid)
	set(`--token "$TWILIO_AUTH_TOKEN"`, true)
	set(`--old-token "$TWILIO_AUTH_TOKEN_SECONDARY"`, o.OldToken != "")
	add("--from", o.From)
	words = append(words, fmt.Sprintf("--calls %d --rate %g --seed %d --profile %s", o.Calls, o.Rate, o.Seed, o.Profile))
	for _, name := range slices.Sorted(maps.Keys(o.Rates)) {
		words = append(words, fmt.Sprintf("--fault %s=%g", name, o.Rates[name]))
	}
	add("--script", o.Script)
	add("--models", o.Models)
	add("--listen", o.Listen)
	words = append(words, fmt.Sprintf("--linger %s --within %s --speed %g", o.Linger, o.Within, o.Speed))
	set("--keep", o.Keep)
	set("--marks-duplicates", o.MarksDuplicates)
	return strings.Join(words, " ")
}

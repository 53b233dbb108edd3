package simulate

import (
	"fmt"
	"strings"

	"github.com/i-agent/iagent/simulator"
)

// FaultsPage is docs/faults.md.
func FaultsPage() string {
	var out strings.Builder
	out.WriteString(`<!-- Written by go test ./internal/simulate -run TestFaultsPageIsUpToDate -update. Do not edit. -->
# What the simulated Twilio does wrong

Each fault has a rate from 0 (never) to 1 (always). Whether it happens is drawn from the seed, the person's number, how often
that was called or texted before, the request's place in its call or message, and the fault's own name: the same seed meets the
same calls and messages with the same faults, however busy the machine is.

    iagent simulate --url http://127.0.0.1:8080/voice --account AC… --token … --profile rough --seed 7
    iagent simulate … --profile calm --fault lost-response=0.5 --fault drop=0.01
    iagent simulate --sms --url http://127.0.0.1:8080/message --account AC… --token … --from +15550001111

Profile **calm** has none of them. **rough**, the default, has those that an application survives by itself, with
idempotent webhooks and retries. **hostile** has all: some lose callbacks for good or leave a request's outcome unknown,
so that somebody has to ask Twilio's REST API afterwards.

`)
	table := func(title, text string, want func(simulator.FaultDoc) bool) {
		fmt.Fprintf(&out, "## %s\n\n%s\n\n| fault | rough | hostile | what happens | what a correct application does |\n|---|---|---|---|---|\n", title, text)
		for _, doc := range simulator.FaultDocs() {
			if want(doc) {
				fmt.Fprintf(&out, "| `%s` | %s | %s | %s | %s |\n", doc.Name, percent(doc.Rough), percent(doc.Hostile), doc.Meaning, doc.Correct)
			}
		}
		out.WriteString("\n")
	}
	rest := func(d simulator.FaultDoc) bool { return strings.HasPrefix(string(d.Name), "rest-") }
	media := func(d simulator.FaultDoc) bool {
		return strings.HasPrefix(string(d.Name), "recording-") || strings.HasPrefix(string(d.Name), "media-")
	}
	models := func(d simulator.FaultDoc) bool {
		return strings.HasPrefix(string(d.Name), "speech-") || strings.HasPrefix(string(d.Name), "model-")
	}
	table("Deliveries", "Requests of calls and messages that Twilio signed. What was spoiled on purpose is not counted against the application. "+
		"Drawn for each request.",
		func(d simulator.FaultDoc) bool { return !d.Refuse && !rest(d) && !media(d) && !models(d) })
	table("Forgeries", "Each is sent besides the real request, before or after it, and must be refused. One that is believed breaks the run. Drawn for each request.",
		func(d simulator.FaultDoc) bool { return d.Refuse })
	table("Recordings", "What becomes of a recording, of its file and of the callbacks about it. Drawn for each recording.", media)
	table("REST API", "The answers to the application's own requests, for calls, messages and recordings. Drawn for each request by its number, call or recording.", rest)
	table("Speech-to-text and language models", "The servers below `/v1`, as people run them. Drawn for each piece of audio, and for each question in its turn.", models)
	out.WriteString(`## What is always so

- A URL's fragment says how a request is retried (` + "`#rc=5&rp=5xx,ct,rt&rt=4500&ct=2000`" + `), with Twilio's default of one retry if
  it cannot connect, and its ceiling of 15 s for all attempts. Retries carry the same idempotency token.
- rt counts from the sending of the request, and is 15 s unless the URL says otherwise: then a silent attempt leaves no time for
  another, whatever rp says. An answer that broke off is never asked for again.
- TwiML that cannot be had is asked for at the fallback URL, if there is one, once and at once, with ErrorCode and ErrorUrl, at any
  point of the call; otherwise the call ends.
- Who calls one of the numbers is answered by the number's VoiceUrl, with its fragment and its fallback; its StatusCallback, if it has one,
  is told of the end alone, with or without SequenceNumber, Timestamp and CallbackSource: Twilio does not list them there.
- StirStatus is in ringing and in-progress of outbound calls: A, B or C within North America, elsewhere left out or the word null.
- A message of the application is queued, sending, sent, then delivered or undelivered, or failed. The first status and sending
  have no callback; delivered and undelivered carry RawDlrDoneDate, undelivered and failed an ErrorCode. Webhooks of messages
  are signed with the port of their https URL, those of calls without it.
- The Debugger notes 12100 for an answer that is no TwiML, 12200 for a verb that there is not, 12300 for a Content-Type
  that can be neither played nor read, 11200 and its neighbours for no answer at all, 15003 for a status callback that failed.

## What breaks a run

What no application should do, whatever Twilio does, and how a run can fail as a whole. Each has its first examples in the report.

| rule | meaning |
|---|---|
`)
	for _, rule := range simulator.Rules() {
		fmt.Fprintf(&out, "| `%s` | %s |\n", rule.Rule, rule.Meaning)
	}
	fmt.Fprintf(&out, "| `%s` | fewer calls or conversations were begun than were to be |\n", RuleCallsMissing)
	fmt.Fprintf(&out, "| `%s` | calls or conversations were still going on when the run was cut short |\n", RuleNotEnded)
	fmt.Fprintf(&out, "| `%s` | no webhook was answered with 2xx |\n", RuleNothingAnswered)
	out.WriteString(`
` + "`" + simulator.RuleTakenTwice + "`" + ` can be seen only of an application that calls duplicates so, in the header ` + "`X-Webhook-Duplicate: true`" + ` or in
JSON as ` + "`\"duplicate\":true`" + `: it is judged once one was, or with ` + "`--marks-duplicates`" + `.
`)
	return out.String()
}

// FaultsHelp is the list of the faults for a terminal.
func FaultsHelp() string {
	var out strings.Builder
	out.WriteString("Faults, with their rates in rough and hostile:\n\n")
	for _, doc := range simulator.FaultDocs() {
		refuse := ""
		if doc.Refuse {
			refuse = " Must be refused."
		}
		fmt.Fprintf(&out, "%s (%s, %s): %s%s\n\n", doc.Name, percent(doc.Rough), percent(doc.Hostile), doc.Meaning, refuse)
	}
	return strings.TrimRight(out.String(), "\n")
}

func percent(rate float64) string {
	if rate == 0 {
		return "-"
	}
	return fmt.Sprintf("%g %%", rate*100)
}

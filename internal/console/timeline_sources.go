package console

import (
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/signature"
)

// lateAfter is how long after Twilio's own time a callback counts as late.
const lateAfter = 30 * time.Second

// webhooks are Twilio's callbacks and our answers to them.
func (t timelineOf) webhooks() []entry {
	var list []entry
	highest := -1
	for n, w := range t.detail.Webhooks {
		payload := t.payloads[w.ID]
		form := url.Values(nil)
		if len(payload.Body) > 0 {
			form = signature.ParseForm(string(payload.Body))
		}
		e := entry{at: w.ReceivedAt, arrived: w.ReceivedAt, lane: laneTwilio, what: string(w.Kind), detail: t.shown(said(w.Kind, form)),
			link: t.path("/webhooks/" + url.PathEscape(w.ID)), sequence: sequenceOf(w.Kind, form), cause: ofWebhook(n, theWebhook)}
		add := func(text string) {
			if e.detail != "" {
				e.detail += "; "
			}
			e.detail += text
		}
		if sent, err := time.Parse(time.RFC1123Z, form.Get("Timestamp")); err == nil && w.Source == inbox.SourceWebhook {
			if behind := w.ReceivedAt.Sub(sent); behind > lateAfter {
				e.at, e.state = sent, "late"
				add("came " + duration(behind) + " after Twilio's time")
			}
		}
		if e.sequence >= 0 && e.sequence < highest {
			add("came after number " + number(highest))
		}
		highest = max(highest, e.sequence)
		switch {
		case w.Outcome == inbox.Failed:
			e.state, e.act = "failed", "Replay"
			add(t.shown(w.Error))
		case w.Outcome == inbox.Refused:
			e.state = "refused"
			add(t.shown(w.Error))
		case w.Outcome == inbox.Conflict:
			e.state = "conflict"
			add("the same event with another body")
		case w.Source == inbox.SourceReconciled:
			e.state = "reconciled"
			add("Twilio was asked for it")
		}
		if w.Duplicates > 0 {
			if e.state == "" {
				e.state = "duplicate"
			}
			add("delivered " + number(w.Duplicates+1) + " times")
		}
		e.ends = endedBy(w, form)
		list = append(list, e)
		if answered, ok := t.answer(w, payload); ok {
			answered.cause = ofWebhook(n, itsAnswer)
			list = append(list, answered)
		}
	}
	return list
}

// endedBy is what a callback is the end of.
func endedBy(w store.Webhook, form url.Values) ending {
	switch {
	case w.Source != inbox.SourceWebhook || w.Outcome != inbox.Accepted:
	case w.Kind == inbox.KindStatus && form.Get("CallStatus") == "completed":
		return endOfCall
	case w.Kind == inbox.KindRecording && form.Get("RecordingStatus") == "completed":
		return endOfRecording
	}
	return endOfNothing
}

// answer is the TwiML that a webhook was answered with, by what it plays.
func (t timelineOf) answer(w store.Webhook, payload store.Payload) (entry, bool) {
	if !strings.Contains(payload.Reply.ContentType, "xml") {
		return entry{}, false
	}
	_, plays := readTwiML(payload.Reply.Body)
	text := strings.Join(plays, " ")
	if runes := []rune(text); len(runes) > 160 {
		text = string(runes[:160]) + "…"
	}
	return entry{at: w.ReceivedAt, arrived: w.ReceivedAt, lane: laneAnswer, what: "TwiML", detail: t.shown(text), link: t.path("/webhooks/"+url.PathEscape(w.ID)) + "#answer",
		sequence: -1}, true
}

// said is what a callback says, in a few words; form is nil where its payload is not kept.
func said(kind inbox.Kind, form url.Values) string {
	var parts []string
	add := func(name, before string) {
		if value := strings.TrimSpace(form.Get(name)); value != "" {
			if runes := []rune(value); len(runes) > 120 {
				value = string(runes[:120]) + "…"
			}
			parts = append(parts, before+value)
		}
	}
	switch kind {
	case inbox.KindStatus, inbox.KindVoice:
		add("CallStatus", "")
		add("SequenceNumber", "number ")
		add("CallDuration", "seconds ")
		add("ErrorCode", "error ")
	case inbox.KindRecording:
		add("RecordingStatus", "")
		add("RecordingDuration", "seconds ")
		add("RecordingSid", "")
	case kindAMD:
		add("AnsweredBy", "")
	case kindConsent, kindAnswer, kindMenu, inbox.KindGather:
		if form != nil && silent(form) {
			return "silence"
		}
		add("Digits", "keys ")
		add("SpeechResult", "said: ")
	}
	return strings.Join(parts, ", ")
}

// sequenceOf is Twilio's number of a status callback, -1 for none.
func sequenceOf(kind inbox.Kind, form url.Values) int {
	n, err := strconv.Atoi(form.Get("SequenceNumber"))
	if kind != inbox.KindStatus || err != nil || n < 0 {
		return -1
	}
	return n
}

// history is what happened outside of the webhooks.
func (t timelineOf) history() []entry {
	var list []entry
	for _, h := range t.detail.History {
		if h.What == store.NoteRetried {
			list = append(list, t.retriedInBulk(h)...)
			continue
		}
		e := entry{at: h.At, lane: laneCall, what: historyWords(h.What), detail: t.shown(h.Detail), sequence: -1, cause: cause{stage: stageLater}}
		switch before, _, _ := strings.Cut(h.What, "."); before {
		case "dial", "cancel", "call":
			e.lane, e.cause.stage = laneDial, stageDial
		case "recording":
			e.lane = laneRecording
		}
		switch h.What {
		case "dial.refused":
			e.state = "failed"
		case "reconcile.unknown", "reconcile.fruitless", "reconcile.foreign", "dial.unknown":
			e.state = "missing"
		}
		list = append(list, e)
	}
	return list
}

// retriedLine is what the history says of a run that was retried: its function and id, how it had failed, and who retried it.
var retriedLine = regexp.MustCompile(`(?s)^(\S+) \(run (\S+)\) had failed (.*?); retried ?(.*)$`)

// retriedInBulk is a line of the history that says who had a run tried again, as the end before and the retry; nothing when an entry of the
// audit log tells it, as of a run that was retried alone.
func (t timelineOf) retriedInBulk(h store.HistoryEntry) []entry {
	for _, retry := range t.retries {
		if retry.At.Equal(h.At) {
			return nil
		}
	}
	parts := retriedLine.FindStringSubmatch(h.Detail)
	if parts == nil {
		return []entry{{at: h.At, lane: laneCall, what: historyWords(h.What), detail: t.shown(h.Detail), sequence: -1, cause: cause{stage: stageLater}}}
	}
	function := interview.Function(parts[1])
	died := entry{at: h.At, lane: functionLane(function), what: parts[1], link: t.path("/runs/" + url.PathEscape(parts[2])), sequence: -1, cause: causeOfRun(function),
		state: "failed", detail: t.shown(parts[3])}
	again := died
	again.state, again.what, again.detail = "", parts[1]+" retried", t.shown(parts[4])
	return []entry{died, again}
}

// historyWords are a line of a call's history as people read it. A word that is not known is shown as it is kept.
func historyWords(what string) string {
	if words, ok := map[string]string{"dial.intent": "about to be dialled", "dial.accepted": "Twilio takes the call", "dial.refused": "Twilio refuses the call",
		"dial.postponed": "dial put off", "dial.unknown": "nobody knows whether Twilio has the call", "dial.absent": "not in Twilio's list of calls", "dial.canceled": "not to be dialled",
		"cancel.requested": "is to be ended", "consent.withdrawn": "consent withdrawn", "recording.deleted": "recording deleted at Twilio", "recording.none": "Twilio has no recording",
		"call.opted-out": "the person opted out", "call.ended": "Twilio was asked to end it", "erased": "personal data erased", "verdict.none": "nobody knows who picked up",
		"dial.restored": "added after a restoration", "simulator.gone": "the simulator ended", store.NoteRetried: "a run was tried again", "reconcile.unknown": "Twilio does not know the call",
		"reconcile.fruitless": "Twilio was asked in vain", "reconcile.foreign": "Twilio cannot be asked: no token of its account"}[what]; ok {
		return words
	}
	return what
}

// functions are the runs that are about the call.
func (t timelineOf) functions() []entry {
	var list []entry
	for _, run := range t.runs {
		list = append(list, t.retriesOf(run)...)
		e := entry{at: run.CreatedAt, lane: functionLane(run.Function), what: string(run.Function), link: t.path("/runs/" + url.PathEscape(run.ID)), sequence: -1,
			cause: causeOfRun(run.Function), detail: string(run.State)}
		if run.StartedAt != nil {
			e.at = *run.StartedAt
		}
		if run.Attempts > 1 {
			e.detail += ", attempt " + number(run.Attempts) + " of " + number(run.AttemptsAllowed)
		}
		if run.State == interview.RunDone && run.FinishedAt != nil && run.StartedAt != nil {
			e.detail += " in " + duration(run.FinishedAt.Sub(*run.StartedAt))
		}
		if run.LastError != "" {
			e.detail += ": " + t.shown(run.LastError)
		}
		switch run.State {
		case interview.RunFailed: // the mark says that it failed
			e.state, e.act = "failed", "Retry"
			e.detail = "for good" + strings.TrimPrefix(e.detail, string(run.State))
		case interview.RunWaiting, interview.RunRunning:
			e.state = "awaited"
		}
		list = append(list, e)
	}
	return list
}

// retriesOf are the ends of a run that was dead before, and who had it tried again after each: its row keeps only the newest.
func (t timelineOf) retriesOf(run store.LedgerRun) []entry {
	var list []entry
	for _, retry := range t.retries {
		if retry.Subject != run.ID {
			continue
		}
		died := entry{at: retry.At, lane: functionLane(run.Function), what: string(run.Function), link: t.path("/runs/" + url.PathEscape(run.ID)), sequence: -1,
			cause: causeOfRun(run.Function), state: "failed", detail: "for good"}
		if attempts, ok := retry.Detail["attempts"].(float64); ok {
			died.detail += " after " + amount(int(attempts), "attempt", "attempts")
		}
		if failure, ok := retry.Detail["lastError"].(string); ok && failure != "" {
			died.detail += ": " + t.shown(failure)
		}
		failedAt, _ := retry.Detail["failedAt"].(string)
		if at, err := time.Parse(time.RFC3339Nano, failedAt); err == nil {
			died.at = at
		}
		again := died
		again.at, again.state, again.what, again.detail = retry.At, "", string(run.Function)+" retried", "by "+reasoned(t.shown(retry.Actor), t.shown(retry.Reason))
		list = append(list, died, again)
	}
	return list
}

func functionLane(f interview.Function) lane {
	switch f {
	case interview.TranscribeRecording:
		return laneTranscript
	case interview.ExtractClaims:
		return laneClaims
	case interview.ValidateClaim:
		return laneVerdict
	case interview.DeleteRecording:
		return laneRecording
	}
	return laneDial
}

func causeOfRun(f interview.Function) cause {
	switch f {
	case interview.EndCall, interview.CancelCall:
		return cause{stageDial, 1} // after the wish to end the call
	case interview.TranscribeRecording:
		return cause{stage: stageTranscribe}
	case interview.ExtractClaims:
		return cause{stage: stageExtract}
	case interview.ValidateClaim:
		return cause{stage: stageValidate}
	case interview.DeleteRecording:
		return cause{stage: stageLater}
	}
	return cause{stage: stageDialRun}
}

// recordingBegins is the beginning of a recording, before the first webhook that names it: Twilio's clock may be ahead of ours.
func (t timelineOf) recordingBegins(r interview.Recording) entry {
	e := entry{at: *r.StartedAt, lane: laneRecording, what: "recording begins", detail: r.Sid, sequence: -1, cause: ofWebhook(len(t.detail.Webhooks), beforeWebhook)}
	for n, w := range t.detail.Webhooks {
		if w.Kind == inbox.KindRecording && strings.Contains(w.EventID+string(t.payloads[w.ID].Body), r.Sid) {
			e.cause, e.arrived = ofWebhook(n, beforeWebhook), w.ReceivedAt
			if e.at.After(w.ReceivedAt) {
				e.at = w.ReceivedAt
			}
			break
		}
	}
	return e
}

// evidence is what came of the call.
func (t timelineOf) evidence() []entry {
	var list []entry
	for _, r := range t.detail.Recordings {
		if r.StartedAt != nil {
			list = append(list, t.recordingBegins(r))
		}
		if r.TranscribedAt != nil {
			list = append(list, entry{at: *r.TranscribedAt, lane: laneTranscript, what: "transcribed", detail: r.Sid, sequence: -1, cause: cause{stage: stageTranscribed}})
		}
	}
	for _, claim := range t.detail.Claims {
		e := entry{at: claim.CreatedAt, lane: laneClaims, what: "claim", detail: t.shown(claim.Text), sequence: -1, cause: cause{stage: stageClaims}}
		if claim.Rejected != "" {
			e.state, e.detail = "rejected", t.shown(claim.Rejected)
		}
		list = append(list, e)
	}
	for _, v := range t.verdicts {
		list = append(list, entry{at: v.CreatedAt, lane: laneVerdict, what: string(v.Status), sequence: -1, cause: cause{stage: stageVerdict},
			detail: t.shown(v.Question) + " (on " + amount(v.Claims, "claim that counts", "claims that count") + ", of " + amount(v.Calls, "call", "calls") + ")"})
	}
	return list
}

package console

import (
	"math"
	"strconv"
	"strings"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
)

// shownNumber is a phone number as somebody of the role may see it.
func shownNumber(role Role, number string) string {
	switch {
	case number == "":
		return "erased"
	case role == Admin:
		return number
	}
	return interview.MaskPhoneNumber(number)
}

// current is the value of aria-current for a link of the navigation.
func (f frame) current(path string) string {
	if f.at == path || strings.HasPrefix(f.at, path+"/") {
		return "page"
	}
	return "false"
}

// problemID is what describes a field that has a problem.
func problemID(problem string) string {
	if problem == "" {
		return ""
	}
	return "problem"
}

// statusClass groups the statuses of a call by what they mean to whoever looks.
func statusClass(s interview.CallStatus) string {
	switch s {
	case interview.CallCompleted:
		return "good"
	case interview.CallFailed:
		return "bad"
	case interview.CallBusy, interview.CallNoAnswer, interview.CallCanceled:
		return "over"
	case interview.CallDialUnknown:
		return "unsure"
	case interview.CallQueued:
		return "waits"
	}
	return "live"
}

func consentWord(c interview.Consent) string {
	switch c {
	case interview.ConsentGiven:
		return "yes"
	case interview.ConsentRefused:
		return "no"
	}
	return "–"
}

func optionalInt(n *int) string {
	if n == nil {
		return "–"
	}
	return strconv.Itoa(*n)
}

// seconds is a position in a recording: the second that is heard there.
func seconds(s float64) string {
	whole := int(s)
	return strconv.Itoa(whole/60) + ":" + string(rune('0'+whole%60/10)) + string(rune('0'+whole%10))
}

// length is how long a recording is, to the nearest second, as Twilio rounds it.
func length(s float64) string { return seconds(math.Round(s)) }

func orSomebody(name string) string {
	if name == "" {
		return "somebody"
	}
	return name
}

func orDash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

// callStatuses are all statuses of a call, in the order of a call's life.
func callStatuses() []interview.CallStatus {
	return []interview.CallStatus{interview.CallQueued, interview.CallDialing, interview.CallDialUnknown, interview.CallRinging, interview.CallInProgress,
		interview.CallCompleted, interview.CallBusy, interview.CallNoAnswer, interview.CallFailed, interview.CallCanceled}
}

// words are the values of a type of words, as texts.
func words[T ~string](values []T) []string {
	texts := make([]string, len(values))
	for n, v := range values {
		texts[n] = string(v)
	}
	return texts
}

// outcomeClass groups the outcomes of a webhook.
func outcomeClass(o inbox.Outcome) string {
	switch o {
	case inbox.Failed, inbox.Refused:
		return "bad"
	case inbox.Conflict:
		return "unsure"
	}
	return "good"
}

// thousands is a number with its thousands apart.
func thousands(n int) string {
	text := strconv.Itoa(n)
	for at := len(text) - 3; at > 0; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}

// percent is a share, rounded. It is 0 % only for none and 100 % only for all.
func percent(n, of int) string {
	rounded := int(math.Round(100 * float64(n) / float64(of)))
	switch {
	case n > 0 && rounded == 0:
		return "under 1 %"
	case n < of && rounded == 100:
		return "over 99 %"
	}
	return strconv.Itoa(rounded) + " %"
}

// sees reports whether the navigation of a page leads to a section.
func (f frame) sees(path string) bool { return path != "/jobs" || f.role == Admin }

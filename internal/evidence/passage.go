package evidence

import (
	"strings"

	"github.com/i-agent/iagent/internal/interview"
)

// maxPassage is how much is kept before a quote, behind it, and of a question.
const maxPassage = 1000

// PassageOf finds the passage of a claim in the utterances of its recording, which are in order. Phone numbers are left out, as
// they are in the claim's quote. The passage is only the quote when the utterances do not have it.
func PassageOf(c interview.Claim, utterances []interview.Utterance) interview.Passage {
	said := Redacted(interview.Extraction{Utterances: utterances}).Utterances
	near := -1
	for i, u := range said {
		if u.StartSec <= c.StartSec && c.StartSec < u.EndSec && u.Speaker != interview.SpeakerAgent {
			near = i
		}
	}
	q, found := FindQuote(c.RawText, byOthers(said), near)
	if !found {
		return interview.Passage{Quote: c.RawText}
	}
	s := q.in
	from, to := 0, len(s.starts)
	for from+1 < to && s.starts[from+1] <= q.start {
		from++
	}
	for to-1 > from && s.starts[to-1] >= q.end {
		to--
	}
	from, to = max(from-1, 0), min(to+1, len(s.starts)) // what takes it back may be the next utterance
	end := len(s.text)
	if to < len(s.starts) {
		end = s.starts[to]
	}
	p := interview.Passage{Speaker: q.Speaker, Before: tail(s.text[s.starts[from]:q.start]), Quote: s.text[q.start:q.end], After: head(s.text[q.end:end])}
	for i := s.first - 1; i >= 0 && said[i].Speaker != q.Speaker; i-- {
		p.Question = said[i].Text + " " + p.Question
	}
	p.Question = strings.TrimSpace(tail(p.Question))
	return p
}

// head is the beginning of a text.
func head(s string) string {
	if len(s) > maxPassage {
		s = strings.ToValidUTF8(s[:maxPassage], "") + "…"
	}
	return s
}

// tail is the end of a text.
func tail(s string) string {
	if len(s) > maxPassage {
		s = "…" + strings.ToValidUTF8(s[len(s)-maxPassage:], "")
	}
	return s
}

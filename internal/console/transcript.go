package console

import (
	"context"
	"fmt"
	"slices"

	"github.com/i-agent/iagent/internal/evidence"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
)

// speechView is what was recorded, said and claimed in a call, as somebody of the role may see it.
type speechView struct {
	role      Role
	detail    store.CallDetail
	runs      []store.LedgerRun // of the call, the newest first
	path      func(string) string
	players   []playerView
	noPlayer  string // why there is no recording
	sentences []sentence
	claims    []claimView
}

// sentence is an utterance with the quotes in it.
type sentence struct {
	utterance interview.Utterance
	parts     []part
	audio     string // where it can be heard, "" where it cannot
}

// part is a piece of a text. Of one that is a quote, claim is the number of the claim, from 1.
type part struct {
	text  string
	claim int
}

// speech is what a call's page shows of its words.
func (c *Console) speech(ctx context.Context, role Role, d store.CallDetail, runs []store.LedgerRun) (speechView, error) {
	v := speechView{role: role, detail: d, runs: runs, path: c.path}
	waveforms := map[string]interview.Waveform{}
	questions := map[string]string{}
	if role == Admin && len(d.Recordings) > 0 {
		var err error
		if waveforms, err = c.store.Waveforms(ctx, d.Call.ID); err != nil {
			return v, err
		}
	}
	if len(d.Claims) > 0 {
		campaign, err := c.store.Campaign(ctx, d.Call.CampaignID)
		if err != nil {
			return v, err
		}
		for _, h := range campaign.Hypotheses {
			questions[h.ID] = v.words(h.Question)
		}
	}
	v.players = c.players(role, v, waveforms)
	if len(v.players) == 0 {
		v.noPlayer = noRecording(d.Call)
	}
	said := slices.Clone(d.Utterances)
	for n := range said {
		said[n].Text = v.words(said[n].Text)
	}
	marks := map[int][]mark{}
	for n, claim := range d.Claims {
		shown := v.claim(n+1, claim, said, questions)
		for _, span := range shown.spans {
			marks[span.Utterance] = append(marks[span.Utterance], mark{span: span, claim: n + 1})
		}
		v.claims = append(v.claims, shown)
	}
	for n, u := range said {
		v.sentences = append(v.sentences, sentence{utterance: u, parts: marked(u.Text, marks[n]), audio: v.heardAt(u.RecordingSid, u.StartSec)})
	}
	return v, nil
}

// words are what somebody said, as the role may see it.
func (v speechView) words(text string) string { return callView{role: v.role}.words(text) }

// heardAt is the address of a recording from a second on, "" when it cannot be heard. A browser plays it from there without scripts,
// too (W3C Media Fragments).
func (v speechView) heardAt(recording string, second float64) string {
	for _, p := range v.players {
		if p.recording.Sid == recording && p.audio != "" {
			return p.audio + "#t=" + fraction(second)
		}
	}
	return ""
}

// mark is a quote in an utterance.
type mark struct {
	span  evidence.Span
	claim int
}

// marked takes a text apart at its quotes. Where quotes overlap, the first one has the words.
func marked(text string, marks []mark) []part {
	slices.SortStableFunc(marks, func(a, b mark) int { return a.span.Start - b.span.Start })
	var parts []part
	at := 0
	for _, m := range marks {
		start, end := max(m.span.Start, at), m.span.End
		if start >= end {
			continue
		}
		if start > at {
			parts = append(parts, part{text: text[at:start]})
		}
		parts = append(parts, part{text: text[start:end], claim: m.claim})
		at = end
	}
	if at < len(text) {
		parts = append(parts, part{text: text[at:]})
	}
	return parts
}

// claimID is the id of a claim's card in the page.
func claimID(n int) string { return fmt.Sprintf("claim-%d", n) }

package console

import (
	"net/http"

	"github.com/i-agent/iagent/internal/evidence"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
)

// callView is what the page of a call shows.
type callView struct {
	role     Role
	detail   store.CallDetail
	timeline []entry
	speech   speechView
	back     string // the list it was opened from
	campaign string // the list of its campaign
}

func (p callView) number(n string) string { return shownNumber(p.role, n) }

// words are what somebody said, as the role may see it: people say numbers, and a viewer sees none.
func (p callView) words(text string) string {
	if p.role == Admin {
		return text
	}
	return evidence.Redact(text)
}

// call shows one call. Its query is that of the list from which it was opened.
func (c *Console) call(w http.ResponseWriter, r *http.Request, role Role) error {
	_, query, err := tokens(r, c.path("/calls"), "status", "campaignId")
	if err != nil {
		return err
	}
	detail, err := c.store.CallDetail(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	words, err := c.speech(r.Context(), role, detail)
	if err != nil {
		return err
	}
	p := callView{
		speech: words,
		role:   role, detail: detail, timeline: timeline(detail, c.deadlines, c.now(), c.path),
		back: address(c.path("/calls"), query), campaign: address(c.path("/calls"), map[string][]string{"campaignId": {detail.Call.CampaignID}}),
	}
	f := c.frame(r, role, "Call "+detail.Call.ID)
	f.scripts = append(f.scripts, "player.js")
	c.render(w, r, http.StatusOK, f, callPage(p))
	return nil
}

// whoSpoke is a speaker in words.
func whoSpoke(s interview.Speaker) string {
	switch s {
	case interview.SpeakerAgent:
		return "agent"
	case interview.SpeakerCallee:
		return "person"
	}
	return "?"
}

// transcriptMissing says why there is no transcript.
func transcriptMissing(d store.CallDetail) string {
	switch {
	case d.Call.ErasedAt != nil:
		return "Erased on request."
	case d.Call.Consent != interview.ConsentGiven:
		return "Nothing was recorded: there is no consent."
	case len(d.Recordings) == 0:
		return "No recording has come yet."
	}
	for _, r := range d.Recordings {
		switch r.Status {
		case interview.RecordingCompleted:
			return "The recording is being transcribed."
		case interview.RecordingAbsent:
			return "Twilio recorded nothing."
		case interview.RecordingDeleted:
			return "The recording was deleted."
		}
	}
	return "The recording is not complete."
}

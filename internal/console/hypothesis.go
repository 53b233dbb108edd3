package console

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
)

// claimsShown bounds how many claims of one sort the page of a hypothesis has, the newest.
const claimsShown = 100

// hypothesisView is what the page of a hypothesis shows.
type hypothesisView struct {
	role     Role
	detail   store.HypothesisOverview
	evidence interview.Evidence
	campaign interview.Campaign
	back     string
	missing  []string
	run      *store.LedgerRun // the newest run that judges it
	runHref  string
	// The claims by what they say, the newest first.
	supporting, against, neither, rejected claimGroup
	dots                                   []dotAxis
	path                                   func(string) string
}

// claimGroup are claims of one sort.
type claimGroup struct {
	title, none string
	claims      []interview.EvidenceClaim
	all         int
}

func (g *claimGroup) add(claim interview.EvidenceClaim) {
	if g.all++; g.all <= claimsShown {
		g.claims = append(g.claims, claim)
	}
}

func (p *hypothesisView) groups() []*claimGroup {
	return []*claimGroup{&p.supporting, &p.against, &p.neither, &p.rejected}
}

func (p *hypothesisView) groupOf(claim interview.Claim) *claimGroup {
	switch {
	case claim.Rejected != "":
		return &p.rejected
	case claim.Supports == nil:
		return &p.neither
	case *claim.Supports:
		return &p.supporting
	}
	return &p.against
}

func (p hypothesisView) words(text string) string { return shownText(p.role, text) }

func (p hypothesisView) callHref(claim interview.Claim) string {
	return p.path("/calls/" + claim.CallID)
}

func (p hypothesisView) people() int { return p.evidence.People() }

// older says that there may be older claims, which nothing on the page counts.
func (p hypothesisView) older() bool { return len(p.detail.Claims) == store.MaxCountedClaims }

// last is the newest verdict, nil for none.
func (p hypothesisView) last() *interview.Verdict {
	if len(p.detail.Verdicts) == 0 {
		return nil
	}
	return &p.detail.Verdicts[0]
}

func (c *Console) hypothesisPath(id string) string { return c.path("/hypotheses/" + id) }

func (c *Console) hypothesis(w http.ResponseWriter, r *http.Request, role Role) error {
	ctx := r.Context()
	detail, err := c.store.HypothesisOverview(ctx, r.PathValue("id"))
	if err != nil {
		return err
	}
	campaign, err := c.store.Campaign(ctx, detail.Hypothesis.CampaignID)
	if err != nil {
		return err
	}
	p := hypothesisView{role: role, detail: detail, evidence: detail.Evidence(), campaign: campaign, back: c.path("/campaigns/" + campaign.ID), path: c.path}
	// A run's subject is the id of what it is about.
	runs, err := c.store.Runs(ctx, store.RunFilter{Function: interview.ValidateClaim, CallID: detail.Hypothesis.ID}, store.Page{Limit: 1})
	if err != nil {
		return err
	}
	if len(runs.Items) > 0 {
		p.run, p.runHref = &runs.Items[0], c.path("/runs/"+runs.Items[0].ID)
	}
	p.missing = missingForVerdict(detail.Hypothesis, p.evidence, campaign)
	p.supporting = claimGroup{title: "For", none: "No claim speaks for it."}
	p.against = claimGroup{title: "Against", none: "No claim speaks against it."}
	p.neither, p.rejected = claimGroup{title: "Neither for nor against"}, claimGroup{title: "Rejected: no evidence"}
	for _, claim := range slices.Backward(detail.Claims) {
		p.groupOf(claim.Claim).add(claim)
	}
	for _, g := range p.groups() {
		if err := c.store.AddTexts(ctx, g.claims); err != nil {
			return err
		}
	}
	p.dots = dotAxes(p)
	c.render(w, r, http.StatusOK, c.frame(r, role, "Hypothesis"), hypothesisPage(p))
	return nil
}

// missingForVerdict says what a verdict, or a firm one, needs that is not there, in words and numbers. Nothing is missing when it
// is empty.
func missingForVerdict(h interview.Hypothesis, e interview.Evidence, campaign interview.Campaign) []string {
	var missing []string
	need := func(have int, one, many string) {
		if n := interview.MinEvidence - have; n > 0 {
			what := many
			if n == 1 {
				what = one
			}
			missing = append(missing, fmt.Sprintf("%d more %s: there are %d of %d", n, what, have, interview.MinEvidence))
		}
	}
	need(len(e), "claim with a quote", "claims with quotes")
	need(e.Calls(), "call with a claim", "calls with claims")
	need(e.People(), "person, that is another number", "people, that is other numbers")
	if len(missing) > 0 {
		if campaign.Status != interview.CampaignActive {
			missing = append(missing, "the campaign is "+string(campaign.Status)+": it makes no new calls")
		}
		return missing
	}
	switch {
	case h.Status == interview.HypothesisPending:
		return []string{"a model's judgement: there is enough evidence to ask for it"}
	case h.Reopened:
		return []string{"a judgement of the newest evidence: the verdict is on older evidence"}
	case h.Status != interview.HypothesisInconclusive:
		return nil
	}
	supporting, against := e.Directions()
	if supporting == against {
		missing = append(missing, fmt.Sprintf("a majority: %d claims speak for it and %d against", supporting, against))
	}
	if supporting > against && e.Confidence() < interview.MinConfidence-1e-9 {
		missing = append(missing, fmt.Sprintf("surer claims: their average confidence is %s, and to validate it must be %s", share(e.Confidence()), share(interview.MinConfidence)))
	}
	if len(missing) == 0 {
		missing = append(missing, "a firm judgement: the model was not sure; its reasons are in the history below")
	}
	return missing
}

// share is a number from 0 to 1.
func share(n float64) string { return strconv.FormatFloat(n, 'f', 2, 64) }

// verdictClass groups the verdicts.
func verdictClass(s interview.HypothesisStatus) string {
	switch s {
	case interview.HypothesisValidated:
		return "good"
	case interview.HypothesisInvalidated:
		return "bad"
	case interview.HypothesisInconclusive:
		return "unsure"
	}
	return "waits"
}

// claimValue is the value of a claim with its unit, "" for none.
func (p hypothesisView) claimValue(claim interview.Claim) string {
	switch {
	case claim.ValueNumber != nil && claim.Unit != interview.UnitNone:
		return strconv.FormatFloat(*claim.ValueNumber, 'f', -1, 64) + " " + string(claim.Unit)
	case claim.ValueText != "":
		return p.words(claim.ValueText)
	case claim.ValueNumber != nil:
		return p.words(strconv.FormatFloat(*claim.ValueNumber, 'f', -1, 64))
	}
	return ""
}

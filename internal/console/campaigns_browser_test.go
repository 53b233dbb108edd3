package console_test

import (
	"fmt"
	"net/url"
	"testing"

	"github.com/i-agent/iagent/internal/browsertest"
	"github.com/i-agent/iagent/internal/interview"
)

// campaignPages are the pages of a campaign with evidence on its hypothesis, of one that is empty, and of their forms.
func (o *site) campaignPages() []string {
	yes, no, values := true, false, []float64{6.5, 4, 6.75, 6.5, 5}
	var claims []interview.Claim
	for n := range values {
		claim := interview.Claim{Supports: &yes, ValueNumber: &values[n], RawText: "about that much for the large ones, I would say", Text: "They pay so much.", Confidence: 0.5 + float64(n)/10}
		if n%2 == 1 {
			claim.Supports, claim.LowConfidence = &no, true
		}
		claims = append(claims, claim)
	}
	claims = append(claims, interview.Claim{Rejected: "the quote is not in the transcript", RawText: "ten", Text: "They pay ten."})
	campaign, hypothesis := o.judged(claims...)
	o.judge(hypothesis, interview.Opinion{Status: interview.HypothesisValidated, Conclusion: "People pay more than five dollars.", Reasons: []string{"Most named a price above five dollars."}})
	empty, _ := o.activeCampaign("A campaign with a long name that says for whom it is, what it is about and when it was begun")
	pages := []string{"/console/campaigns", "/console/campaigns?name=nothing", "/console/campaigns/new", "/console/hypotheses/" + hypothesis}
	for _, id := range []string{campaign.ID, empty} {
		pages = append(pages, "/console/campaigns/"+id)
	}
	return append(pages, "/console/campaigns/"+empty+"/edit", "/console/campaigns/"+empty+"/import")
}

func TestPreviewOfACampaignFollowsWhatIsTyped(t *testing.T) {
	o := open(t, tokensOf(t))
	newTab := browser.Start(t)
	tab := newTab(t, browsertest.Look{})
	o.signedIn(t, tab, adminToken)
	tab.Go(o.url + "/console/campaigns/new")
	tab.Type("#name", "Oats")
	tab.Type(`[name="identity.organisation"]`, "Shelf Research")
	tab.Type(`[name="identity.callbackNumber"]`, "+15550009999")
	tab.Type(`[name="identity.purpose"]`, "prices")
	tab.Type("#promptTemplate", "- How much are the oats?\r- Why <b>?")
	tab.Until(`document.querySelector("#preview").innerText.includes("“Why <b>?”") && document.querySelector("#preview").innerText.includes("Shelf Research")`)
	tab.Accessible()
	tab.Click(`button[value="save"]`)
	tab.Until(`/^\/console\/campaigns\/[0-9A-Z]{26}$/.test(location.pathname)`)
	at := browsertest.Eval[string](tab, "location.pathname")
	tab.Go(o.url + at + "/edit")
	tab.Type("#category", "breakfast")
	tab.Until(`document.querySelector("#preview").innerText.includes('"category":"breakfast"')`)
	tab.Click(`button[value="save"]`)
	tab.Until(`location.pathname === "` + at + `" && document.body.innerText.includes("The campaign is changed.")`)
	tab.Click(`form[action$="/start"] button, details:has(form[action$="/start"]) summary`)
	tab.Click(`form[action$="/start"] button`)
	tab.Until(`document.body.innerText.includes("The campaign is ACTIVE.")`)
	for n, look := range browsertest.Looks() {
		tab := newTab(t, look)
		o.signedIn(t, tab, adminToken)
		tab.Go(o.url + at + "/import")
		tab.Type("#numbers", fmt.Sprintf("+1 555 123 456%d\r12", n))
		tab.Click("form.import button")
		tab.Until(`document.querySelector("h1").innerText === "Import numbers: preview"`)
		tab.Accessible()
		tab.Click("form[data-once] button")
		tab.Until(`document.querySelector("h1").innerText === "Imported"`)
		tab.Accessible()
	}
	id, err := url.PathUnescape(at[len("/console/campaigns/"):])
	if called := o.numbersCalled(id); err != nil || len(called) != len(browsertest.Looks()) || called["+15551234561"] != 1 {
		t.Errorf("%v, %v", called, err)
	}
}

package console_test

import (
	"net/http"
	"strings"
	"testing"
)

func TestDispositionsOfManyContactsAreCountedOnAPageOfTheirOwn(t *testing.T) {
	o := open(t, tokensOf(t))
	few, _ := o.called("Few", "+12125550101")
	many, _ := o.called("Many", numbers(501)...)
	if _, err := o.store.SQLite().ExecContext(t.Context(), `UPDATE contacts SET state = 'EXHAUSTED'`); err != nil {
		t.Fatal(err)
	}
	o.signIn(viewerToken)
	const table = "contacts that are over, by AAPOR"
	if page := o.get("/console/campaigns/" + few); !strings.Contains(page, "Of 1 contact that is over, by AAPOR") {
		t.Error("the page of a campaign with one contact has no dispositions")
	}
	page, link := o.get("/console/campaigns/"+many), "/console/campaigns/"+many+"/dispositions"
	if strings.Contains(page, table) || !strings.Contains(page, `href="`+link+`">Count the dispositions of 501 contacts</a>`) {
		t.Error("the page of a campaign reads 501 contacts, or does not say where they are counted")
	}
	if page := o.get(link); !strings.Contains(page, "Of 501 "+table) {
		t.Errorf("the page of the dispositions does not have them:\n%s", page)
	}
	if response, _ := o.do("GET", "/console/campaigns/none/dispositions", ""); response.StatusCode != http.StatusNotFound {
		t.Errorf("of no campaign: %s", response.Status)
	}
}

func TestNumberOfADispositionLeadsToItsCalls(t *testing.T) {
	o := open(t, tokensOf(t))
	campaign, calls := o.called("Oats", "+12125550101", "+12125550102", "+12125550103")
	for _, statement := range []string{
		`UPDATE contacts SET state = 'EXHAUSTED'`,
		`UPDATE calls SET status = CASE id WHEN '` + calls[0] + `' THEN 'BUSY' ELSE 'COMPLETED' END, twilio_sid = 'CA' || id, dialed_at = created_at, completed_at = created_at`,
	} {
		if _, err := o.store.SQLite().ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	o.signIn(viewerToken)
	list := hrefOf(t, o.get("/console/campaigns/"+campaign), "always busy")
	wants(t, "the list", o.get(list), []string{"disposition: 3.12 always busy", calls[0], `href="/console/calls?disposition=3.12" title="Remove this condition"`,
		`<option value="3.12" selected>3.12 always busy</option>`}, calls[1:])
	wants(t, "the call", o.get("/console/calls/"+calls[0]), []string{"3.12 always busy"}, nil)
	wants(t, "another list", o.get("/console/calls?campaignId="+campaign+"&disposition=2.11"), calls[1:], calls[:1])
	// Without its campaign a disposition chooses nothing, and the page says so.
	without := o.get("/console/calls?disposition=3.12&status=BUSY")
	wants(t, "the list of all campaigns", without, []string{"Left out: <b>disposition: 3.12 always busy</b>", calls[0], `href="/console/calls" title="Remove this condition"`, "Disposition in a campaign"}, nil)
	wants(t, "what is not late, of nothing", o.get("/console/calls?overdue=false"), []string{"Left out: <b>overdue: not yet</b>", calls[0]}, nil)
	if strings.Contains(without, "calls.csv?disposition") || strings.Contains(without, `<option value="3.12" selected>`) {
		t.Error("what was left out is in the links of the list")
	}
}

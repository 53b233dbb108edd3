package console_test

import (
	"testing"

	"github.com/i-agent/iagent/internal/browsertest"
)

// signedIn opens a tab of somebody who has signed in with a token.
func (o *site) signedIn(t *testing.T, tab *browsertest.Tab, token string) {
	t.Helper()
	tab.Go(o.url + "/console/calls")
	tab.Type("#token", token)
	tab.Press("\r")
	tab.Until(`location.pathname === "/console/calls"`)
}

func TestPagesAreAccessibleAtEachLook(t *testing.T) {
	o := open(t, tokensOf(t))
	_, calls := o.called("oats", "+15551234567", "+15551234568")
	newTab := browsertest.Start(t)
	for _, look := range browsertest.Looks() {
		t.Run(look.String(), func(t *testing.T) {
			tab := newTab(t, look)
			tab.Go(o.url + "/console/sign-in")
			tab.Accessible()
			o.signedIn(t, tab, adminToken)
			for _, page := range []string{"/console/calls", "/console/calls?status=BUSY", "/console/calls/" + calls[0]} {
				tab.Go(o.url + page)
				tab.Accessible()
			}
		})
	}
}

func TestKeysAloneOpenACall(t *testing.T) {
	o := open(t, tokensOf(t))
	_, calls := o.called("oats", "+15551234567", "+15551234568")
	tab := browsertest.Start(t)(t, browsertest.Look{})
	o.signedIn(t, tab, adminToken)
	tab.Press("j")
	tab.Press("j")
	tab.Press("\r")
	tab.Until(`location.pathname === "/console/calls/` + calls[0] + `"`)
	tab.Press("?")
	tab.Until(`document.getElementById("help").open`)
}

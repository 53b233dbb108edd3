package console

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
)

// rowsAPage is how many rows a list shows.
const rowsAPage = 50

// token is one condition of a list, as its address has it.
type token struct {
	name, value string
	// without is the address of the list without this condition.
	without string
}

// tokens are the conditions of an address. An unknown name is refused, as the API does.
func tokens(r *http.Request, base string, known ...string) ([]token, url.Values, error) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, nil, &badRequest{"The address cannot be read: its query is malformed."}
	}
	var found []token
	for name, values := range query {
		if name == "cursor" {
			continue
		}
		if !slices.Contains(known, name) {
			return nil, nil, &badRequest{"There is no condition " + name + " of this list."}
		}
		if len(values) != 1 || values[0] == "" {
			query.Del(name)
			continue
		}
		others := url.Values{}
		for other, values := range query {
			if other != name && other != "cursor" {
				others[other] = values
			}
		}
		found = append(found, token{name, values[0], address(base, others)})
	}
	slices.SortFunc(found, func(a, b token) int { return slices.Index(known, a.name) - slices.Index(known, b.name) })
	return found, query, nil
}

// address is a page with a query.
func address(base string, query url.Values) string {
	if len(query) == 0 {
		return base
	}
	return base + "?" + query.Encode()
}

// callsView is what the list of calls shows.
type callsView struct {
	role             Role
	by               store.CallFilter
	tokens           []token
	campaign         *interview.Campaign // nil for all
	list             store.List[interview.Call]
	all, first, next string // addresses; "" where there is no such page
	link             func(id string) string
}

func (p callsView) number(n string) string { return shownNumber(p.role, n) }

func (c *Console) calls(w http.ResponseWriter, r *http.Request, role Role) error {
	base := c.path("/calls")
	found, query, err := tokens(r, base, "status", "campaignId")
	if err != nil {
		return err
	}
	p := callsView{
		role: role, tokens: found, all: base,
		by: store.CallFilter{Status: interview.CallStatus(query.Get("status")), CampaignID: query.Get("campaignId")},
	}
	if p.by.Status != "" && !p.by.Status.Valid() {
		return &badRequest{"There is no status " + string(p.by.Status) + " of calls."}
	}
	if p.by.CampaignID != "" {
		campaign, err := c.store.Campaign(r.Context(), p.by.CampaignID)
		if err != nil {
			return err
		}
		p.campaign = &campaign
	}
	cursor := query.Get("cursor")
	if p.list, err = c.store.Calls(r.Context(), p.by, store.Page{Limit: rowsAPage, After: cursor}); err != nil {
		return err
	}
	query.Del("cursor")
	p.link = func(id string) string { return address(c.path("/calls/"+id), query) }
	if cursor != "" {
		p.first = address(base, query)
	}
	if p.list.Next != "" {
		older := url.Values{"cursor": {p.list.Next}}
		for name, values := range query {
			older[name] = values
		}
		p.next = address(base, older)
	}
	c.render(w, r, http.StatusOK, c.frame(r, role, "Calls"), callsPage(p))
	return nil
}

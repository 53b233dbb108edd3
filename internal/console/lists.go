package console

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/i-agent/iagent/internal/store"
)

// rowsAPage is how many rows a list shows.
const rowsAPage = 50

// token is one condition of a list, as its address has it.
type token struct {
	name, value string
	// shown, if set, is the value as people read it.
	shown string
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
		found = append(found, token{name: name, value: values[0], without: address(base, others)})
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

// listView is what each list has.
type listView struct {
	role        Role
	tokens      []token
	page        store.Page
	all         string // the address of the list without conditions
	first, next string // addresses of other parts; "" where there is none
	base        string
	query       url.Values
	prefix      string // the address of a page of one row, without its id
}

// listView reads the address of a list. Its query without the cursor is what chooses the rows.
func (c *Console) listView(r *http.Request, role Role, page string, known ...string) (listView, url.Values, error) {
	base := c.path(page)
	found, query, err := tokens(r, base, known...)
	if err != nil {
		return listView{}, nil, err
	}
	cursor := query.Get("cursor")
	query.Del("cursor")
	l := listView{role: role, tokens: found, all: base, base: base, query: query, prefix: base + "/", page: store.Page{Limit: rowsAPage, After: cursor}}
	if cursor != "" {
		l.first = address(base, query)
	}
	return l, query, nil
}

// older is the address of the next part of the list, "" when there is none.
func (l listView) older(cursor string) string {
	if cursor == "" {
		return ""
	}
	query := url.Values{"cursor": {cursor}}
	for name, values := range l.query {
		query[name] = values
	}
	return address(l.base, query)
}

// link is the address of a row's page, which leads back to this list,
// and to this part of it.
func (l listView) link(id string) string {
	query := url.Values{}
	for name, values := range l.query {
		query[name] = values
	}
	if l.page.After != "" {
		query.Set("cursor", l.page.After)
	}
	return address(l.prefix+url.PathEscape(id), query)
}

// drop takes away a condition that is nothing without another one, where that is not there: it returns its words, "" when nothing was
// taken away.
func (l *listView) drop(name, needed string) string {
	if l.value(name) == "" || l.value(needed) != "" {
		return ""
	}
	dropped := ""
	l.query.Del(name)
	l.tokens = slices.DeleteFunc(l.tokens, func(t token) bool {
		if t.name == name {
			dropped = conditionWords(t)
		}
		return t.name == name
	})
	if l.first != "" {
		l.first = address(l.base, l.query)
	}
	for n := range l.tokens {
		others := url.Values{}
		for other, values := range l.query {
			if other != l.tokens[n].name {
				others[other] = values
			}
		}
		l.tokens[n].without = address(l.base, others)
	}
	return dropped
}

// value is that of a condition, "" for none.
func (l listView) value(name string) string { return l.query.Get(name) }

func (l listView) number(n string) string { return shownNumber(l.role, n) }

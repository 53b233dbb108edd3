package console

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
)

// callFilter reads which calls an address chooses, as the API does.
func (c *Console) callFilter(query url.Values, role Role) (store.CallFilter, error) {
	if role != Admin && strings.TrimSpace(query.Get("phoneNumber")) != "" {
		return store.CallFilter{}, &forbidden{"A viewer does not search by phone number: that would tell the number that is masked."}
	}
	statuses, err := statusesOf(query.Get("status"))
	if err != nil {
		return store.CallFilter{}, err
	}
	by, err := store.ParseCallFilter(query, c.deadlines, c.now())
	if err != nil {
		return by, &badRequest{err.Error() + "."}
	}
	by.Statuses = statuses
	return by, nil
}

// statusesOf reads A,B for calls that have one of the statuses, and !A,B for those that have none of them.
func statusesOf(text string) ([]interview.CallStatus, error) {
	rest, not := strings.CutPrefix(text, "!")
	if not {
		rest = strings.ReplaceAll(rest, ",!", ",") // each may be negated
	}
	named, unknown := store.ParseStatuses(rest)
	if unknown != "" {
		return nil, &badRequest{"There is no status " + unknown + " of calls."}
	}
	if !not {
		return named, nil
	}
	others := slices.DeleteFunc(callStatuses(), func(s interview.CallStatus) bool { return slices.Contains(named, s) })
	if len(others) == 0 {
		return nil, &badRequest{"That excludes every status of calls."}
	}
	return others, nil
}

// readable is the address of the list that a form asks for, without what was left empty and with the statuses as one condition. It
// is "" when the address is so already.
func readable(r *http.Request, base string) string {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return ""
	}
	changed := query.Has("not") || len(query["status"]) > 1
	if statuses := strings.Join(query["status"], ","); statuses != "" {
		if query.Get("not") == "on" && statuses[0] != '!' {
			statuses = "!" + statuses
		}
		query.Set("status", statuses)
	}
	query.Del("not")
	for name, values := range query {
		if len(values) == 1 && values[0] == "" {
			query.Del(name)
			changed = true
		}
	}
	if !changed {
		return ""
	}
	return address(base, query)
}

// statusCount is a status with how many calls of the list's other conditions have it.
type statusCount struct {
	status interview.CallStatus
	n      int
	// chosen says that the list has these calls; toggle is the address of the list with or without them.
	chosen bool
	toggle string
}

// statusCounts are those that a list shows. With no status chosen each leads to the calls of that status alone.
func statusCounts(counts store.CallCounts, chosen []interview.CallStatus, l listView) []statusCount {
	var list []statusCount
	for _, status := range callStatuses() {
		s := statusCount{status: status, n: counts.ByStatus[status], chosen: slices.Contains(chosen, status)}
		if s.n == 0 && (!s.chosen || strings.HasPrefix(l.value("status"), "!")) {
			continue
		}
		with := slices.DeleteFunc(slices.Clone(chosen), func(other interview.CallStatus) bool { return other == status })
		if !s.chosen {
			with = append(with, status)
		}
		query := url.Values{}
		for name, values := range l.query {
			query[name] = values
		}
		query.Del("status")
		if named := compactStatuses(with); named != "" {
			query.Set("status", named)
		}
		s.toggle = address(l.base, query)
		list = append(list, s)
	}
	return list
}

// compactStatuses names statuses, or those that are missing where these are fewer.
func compactStatuses(statuses []interview.CallStatus) string {
	all := callStatuses()
	if len(statuses) <= len(all)/2 {
		return strings.Join(words(statuses), ",")
	}
	missing := slices.DeleteFunc(all, func(s interview.CallStatus) bool { return slices.Contains(statuses, s) })
	if len(missing) == 0 {
		return ""
	}
	return "!" + strings.Join(words(missing), ",")
}

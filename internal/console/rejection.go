package console

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"time"

	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/signature"
)

// rejectionView is what the page of a rejection shows. No value of the request's parameters is in it.
type rejectionView struct {
	role   Role
	detail store.RejectionDetail
	// setting is the one to change, as NAME=value, "" where no setting cures it.
	setting string
	// signed and expected are the URLs of the two texts, with what is only in one of them marked. Signed is nil where it is not known.
	signed, expected []span
	params           []comparedParam
	same             bool // the two texts do not differ
	call             rejectedCall
	check            string // where "check again" is posted to, "" for a viewer
	curl, checkCurl  string
	back             string
}

// comparedParam is a parameter of the two texts.
type comparedParam struct{ name, signed, expected, state string }

// rejectedCall is the call that a rejected request names.
type rejectedCall struct {
	id, at string
	// why says how it is known, or why it is not.
	why string
}

func (c *Console) rejection(w http.ResponseWriter, r *http.Request, role Role) error {
	_, query, err := tokens(r, c.path("/rejections"), rejectionConditions...)
	if err != nil {
		return err
	}
	id := r.PathValue("id")
	q := apiRequest{method: http.MethodGet, path: "/api/rejections/" + url.PathEscape(id)}
	if role == Admin {
		// The API explains what nobody has explained yet, if the request is still in memory.
		if _, err := c.ask(r, q); err != nil {
			return err
		}
	}
	d, err := c.store.Rejection(r.Context(), id)
	if err != nil {
		return err
	}
	p := rejectionView{role: role, detail: d, setting: settingToSet.FindString(d.Explanation.Cure), back: address(c.path("/rejections"), query), curl: c.curl(q)}
	p.compare(d.Explanation.Signed, d.Explanation.Expected)
	if role == Admin {
		p.check = c.path("/rejections/" + url.PathEscape(id) + "/check")
		p.checkCurl = c.curl(checkRequest(id))
	}
	if p.call, err = c.callOfRejection(r.Context(), d); err != nil {
		return err
	}
	c.render(w, r, http.StatusOK, c.frame(r, role, "Rejection"), rejectionPage(p))
	return nil
}

// settingToSet is a setting with the value to give it.
var settingToSet = regexp.MustCompile(`\b[A-Z][A-Z_]+=\S+[^\s;,.)]`)

// compare marks the difference of the text that was signed and the one that was expected.
func (p *rejectionView) compare(signed, expected *signature.Text) {
	if expected == nil {
		return
	}
	if signed == nil {
		p.expected = []span{{"", expected.URL}}
		for _, param := range expected.Params {
			p.params = append(p.params, comparedParam{param.Name, "", amount(param.Length, "byte", "bytes"), ""})
		}
		return
	}
	p.signed, p.expected = compareTexts(signed.URL, expected.URL)
	p.same = signed.URL == expected.URL
	there := map[string][]signature.Param{}
	for _, param := range expected.Params {
		there[param.Name] = append(there[param.Name], param)
	}
	for _, param := range signed.Params {
		row := comparedParam{name: param.Name, signed: amount(param.Length, "byte", "bytes"), state: "only in what was signed"}
		if twins := there[param.Name]; len(twins) > 0 {
			row.expected, there[param.Name] = amount(twins[0].Length, "byte", "bytes"), twins[1:]
			row.state = ""
			if twins[0].Length != param.Length {
				row.state = "another length"
			}
		}
		p.params = append(p.params, row)
	}
	for _, param := range expected.Params {
		if left := there[param.Name]; len(left) > 0 {
			there[param.Name] = left[1:]
			p.params = append(p.params, comparedParam{param.Name, "", amount(param.Length, "byte", "bytes"), "only in what was expected"})
		}
	}
	for _, row := range p.params {
		p.same = p.same && row.state == ""
	}
}

// Bounds of the search for the call of a rejection.
const (
	namedWithin = 48 * time.Hour
	namedAmong  = 20_000
)

// callOfRejection compares the keyed hashes of the ids that a request names with those of the calls that were created before it.
func (c *Console) callOfRejection(ctx context.Context, d store.RejectionDetail) (rejectedCall, error) {
	ids, sids := map[string]bool{}, map[string]bool{}
	for _, params := range [][]store.RejectedParam{d.Request.Query, d.Request.Params} {
		for _, param := range params {
			switch param.Name {
			case "callId":
				ids[param.Hash] = true
			case "CallSid":
				sids[param.Hash] = true
			}
		}
	}
	switch {
	case len(ids)+len(sids) == 0:
		return rejectedCall{why: "The request names no call."}, nil
	case c.rejectedHash == nil:
		return rejectedCall{why: "It cannot be told here: the values of the request are kept as keyed hashes."}, nil
	}
	names, err := c.store.CallsCreated(ctx, d.ReceivedAt.Add(-namedWithin), d.ReceivedAt.Add(time.Minute), namedAmong)
	if err != nil {
		return rejectedCall{}, err
	}
	for _, name := range names {
		var by string
		switch {
		case ids[c.rejectedHash(name.ID)]:
			by = "callId"
		case name.CallSid != "" && sids[c.rejectedHash(name.CallSid)]:
			by = "CallSid"
		default:
			continue
		}
		return rejectedCall{name.ID, c.path("/calls/" + url.PathEscape(name.ID)), namesCallWords(by, d.Proven)}, nil
	}
	return rejectedCall{why: "None of the calls that were created in the 48 hours before has the ids that it names, or the auth token has changed since: " +
		"the ids are kept as hashes that are keyed with it."}, nil
}

// namesCallWords say by which parameter a request names a call, and how much that is worth. A proven cause means that the signature
// fits a token of ours: then it is no mere claim.
func namesCallWords(parameter string, proven bool) string {
	text := "The request names it as its " + parameter + "."
	if proven {
		return text
	}
	return text + " That is what it claims: its signature did not fit."
}

func checkRequest(id string) apiRequest {
	return apiRequest{method: http.MethodPost, path: "/api/rejections/" + url.PathEscape(id) + "/check"}
}

// checkRejection has the signature verified again with today's settings.
func (c *Console) checkRejection(w http.ResponseWriter, r *http.Request, role Role) error {
	id := r.PathValue("id")
	answer, err := c.ask(r, checkRequest(id))
	if err != nil {
		return err
	}
	var said struct{ Verified *bool }
	switch {
	case answer.status == http.StatusNotFound:
		return store.ErrNotFound
	case !answer.ok() || json.Unmarshal(answer.body, &said) != nil:
		c.render(w, r, answer.status, c.frame(r, role, "Not done"), messagePage("Not done", answer.problem()))
		return nil
	}
	c.notify(w, "Checked again: "+checkedWords(said.Verified))
	http.Redirect(w, r, c.path("/rejections/"+url.PathEscape(id)), http.StatusSeeOther)
	return nil
}

// checkedWords say what a check found.
func checkedWords(verified *bool) string {
	switch {
	case verified == nil:
		return "nobody can tell. Its values are not stored, and this server does not hold the request any more."
	case *verified:
		return "with today's settings the signature fits."
	}
	return "the signature does not fit with today's settings."
}

// said is a text that may have a number in it, as the role may see it.
func (p rejectionView) said(text string) string { return shownText(p.role, text) }

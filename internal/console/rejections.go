package console

import (
	"net/http"

	"github.com/i-agent/iagent/internal/store"
)

func (c *Console) routeRejections(mux *http.ServeMux) {
	c.page(mux, "GET /console/rejections", c.rejections)
	c.page(mux, "GET /console/rejections/{id}", c.rejection)
	c.adminPage(mux, "POST /console/rejections/{id}/check", c.checkRejection)
}

// rejectionConditions are the conditions of the list, those of GET /api/rejections.
var rejectionConditions = []string{"cause", "kind", "client", "since", "until"}

// rejectionsView is what the list of rejections shows.
type rejectionsView struct {
	listView
	causes []causeCount
	list   store.List[store.Rejection]
}

// causeCount is how many rejections are kept with one cause.
type causeCount struct {
	store.RejectionCount
	// at is the list of them.
	at      string
	current bool
}

func (c *Console) rejections(w http.ResponseWriter, r *http.Request, role Role) error {
	l, query, err := c.listView(r, role, "/rejections", rejectionConditions...)
	if err != nil {
		return err
	}
	by := store.RejectionFilter{Cause: query.Get("cause"), Kind: query.Get("kind"), Client: query.Get("client")}
	if by.Since, by.Until, err = timeRange(query, c.now()); err != nil {
		return err
	}
	p := rejectionsView{listView: l}
	counts, err := c.store.RejectionCounts(r.Context())
	if err != nil {
		return err
	}
	for _, count := range counts {
		p.causes = append(p.causes, causeCount{count, address(l.base, map[string][]string{"cause": {count.Cause}}), count.Cause == by.Cause})
	}
	if p.list, err = c.store.Rejections(r.Context(), by, p.page); err != nil {
		return err
	}
	p.next = l.older(p.list.Next)
	f, newest := c.frame(r, role, "Rejections"), ""
	if len(p.list.Items) > 0 {
		newest = p.list.Items[0].ID
	}
	f.liveList("rejections", l, newest)
	c.render(w, r, http.StatusOK, f, rejectionsPage(p))
	return nil
}

// causeWords are the causes of rejections in words: those of package signature, and those of what was refused unread.
var causeWords = map[string]string{
	"scheme": "http for https, or the reverse", "host": "signed for another host", "port": "signed with another port", "path": "the path was rewritten on its way",
	"query": "the query was rewritten or lost on its way", "body": "the body was changed on its way", "encoding": "the body arrives encoded",
	"body-hash": "the JSON body is not the one that was hashed", "content-type": "another content type", "method": "another method than POST",
	"fragment": "the fragment was signed with the URL", "userinfo": "user and password were signed with the URL", "signer": "signed another way than Twilio does",
	"header": "no signature", "token": "another auth token", "account": "an account without a token", "malformed": "a request that Twilio does not send",
	"websocket": "a WebSocket handshake", "unknown": "nothing explains it", "unknown-path": "no webhook at this path",
	"redirect-as-get": "a redirect made a GET of it", "too-large": "more than Twilio ever sends", "unreadable-body": "the body could not be read",
	"internal": "the verification itself failed", "unexplained": "not explained yet",
}

// causeInWords is a cause as people read it; one that is new here is its own name.
func causeInWords(cause string) string {
	if words, ok := causeWords[cause]; ok {
		return words
	}
	return cause
}

// certainty says how sure a cause is.
func certainty(proven bool) string {
	if proven {
		return "proven"
	}
	return "suspected"
}

func certaintyClass(proven bool) string {
	if proven {
		return "good"
	}
	return "unsure"
}

// checkedWord is what a check found, in a word.
func checkedWord(verified *bool) string {
	switch {
	case verified == nil:
		return "nobody can tell"
	case *verified:
		return "fits now"
	}
	return "does not fit"
}

func checkedClass(verified *bool) string {
	switch {
	case verified == nil:
		return "unsure"
	case *verified:
		return "good"
	}
	return "bad"
}

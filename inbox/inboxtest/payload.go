package inboxtest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/i-agent/iagent/inbox"
)

var payloadCases = []testCase{
	{"BodyIsKeptByteForByte", oddBodies},
	{"HeaderThatIsNoTextIsAccepted", hostileText},
	{"SameIDWithAnotherPayloadIsAConflict", conflicts},
	{"SameIDWithAnotherQueryIsAConflict", otherQuery},
	{"ConflictsOfAnEventAreRecordedUpToALimit", manyConflicts},
	{"ReconciledDuplicateIsNotAConflict", reconciledDuplicate},
}

func oddBodies(t *testing.T, open Open) {
	tr := newFixture(t, open)
	for name, body := range map[string]string{
		"empty":  "",
		"binary": "a=\x00\xff\xfe\r\n&b=%00",
		"quotes": `a=';DROP TABLE x;--&b="\`,
		"large":  "a=" + strings.Repeat("x", 64<<10-2),
	} {
		e := eventOf("body-"+name, "", body)
		first := tr.must(inbox.Accepted, e)
		if records := tr.records(e, inbox.Accepted); len(records) != 1 || string(records[0].Body) != body {
			t.Errorf("%s body is not kept as it was in %d accepted records", name, len(records))
		}
		tr.wantReply("a duplicate", tr.must(inbox.Duplicate, eventOf("body-"+name, "", body)), first)
		tr.wantState(e, 1)
	}
}

// hostileText: the signature covers neither the token nor the content type, and a path may have any bytes.
func hostileText(t *testing.T, open Open) {
	tr := newFixture(t, open)
	e := event("hostile", "\xff\x00 not text")
	e.Target = "/api/\xff\xfe?callId=" + Subject + "&x=\xc3\x28"
	e.ContentType = "application/x-www-form-urlencoded; \xff"
	first := tr.must(inbox.Accepted, e)
	tr.wantReply("a duplicate", tr.must(inbox.Duplicate, e), first)
	tr.wantState(e, 1)
}

func conflicts(t *testing.T, open Open) {
	tr := newFixture(t, open)
	e := event("conflict", "")
	first := tr.must(inbox.Accepted, e)
	for range 2 {
		for i := range 3 {
			other := eventOf("conflict", "", fmt.Sprint("CallStatus=ringing&CallDuration=", i))
			tr.wantReply("a conflicting delivery", tr.must(inbox.Conflict, other), first)
		}
	}
	tr.wantReply("a true duplicate", tr.must(inbox.Duplicate, event("conflict", "another token")), first)
	tr.wantState(e, 1)
	kept := map[string]int{}
	for _, r := range tr.records(e, inbox.Conflict) {
		kept[string(r.Body)]++
	}
	for i := range 3 {
		if body := fmt.Sprint("CallStatus=ringing&CallDuration=", i); kept[body] != 1 {
			t.Errorf("conflicting body %q is kept %d times; want once", body, kept[body])
		}
	}
}

// otherQuery: the query is signed, and so is part of the payload; the path may be one of two.
func otherQuery(t *testing.T, open Open) {
	tr := newFixture(t, open)
	e := event("query", "")
	first := tr.must(inbox.Accepted, e)
	path, query, _ := strings.Cut(e.Target, "?")
	other := event("query", "")
	other.Target = path + "/v2?" + query
	tr.wantReply("a duplicate under another path", tr.must(inbox.Duplicate, other), first)
	other.Target = e.Target + "&attempt=2"
	tr.wantReply("a conflicting delivery", tr.must(inbox.Conflict, other), first)
	tr.wantState(e, 1)
}

func manyConflicts(t *testing.T, open Open) {
	tr := newFixture(t, open)
	e := event("many-conflicts", "")
	first := tr.must(inbox.Accepted, e)
	var all []*inbox.Event
	for i := range inbox.MaxConflicts + 4 {
		all = append(all, eventOf("many-conflicts", "", fmt.Sprint("CallStatus=ringing&CallDuration=", i)))
	}
	for _, other := range all {
		tr.wantReply("a conflicting delivery", tr.must(inbox.Conflict, other), first)
	}
	for i, a := range tr.together(all) {
		if a.err != nil || a.result.Outcome != inbox.Conflict {
			t.Errorf("conflict %d again: %v", i, a)
		}
	}
	if n := len(tr.records(e, inbox.Conflict)); n != inbox.MaxConflicts {
		t.Errorf("%d conflicts are recorded; want %d", n, inbox.MaxConflicts)
	}
	tr.wantState(e, 1)
}

// reconciledDuplicate: what is rebuilt from Twilio's REST API never has the bytes that Twilio sent.
func reconciledDuplicate(t *testing.T, open Open) {
	tr := newFixture(t, open)
	for _, sources := range [][2]inbox.Source{
		{inbox.SourceWebhook, inbox.SourceReconciled},
		{inbox.SourceReconciled, inbox.SourceWebhook},
	} {
		id := "from-" + string(sources[0])
		first, second := event(id, ""), eventOf(id, "", "CallStatus=ringing&Rebuilt=1")
		first.Source, second.Source = sources[0], sources[1]
		reply := tr.must(inbox.Accepted, first)
		tr.wantReply("the duplicate", tr.must(inbox.Duplicate, second), reply)
		if n := len(tr.records(first, inbox.Conflict)); n != 0 {
			t.Errorf("%d conflicts between %s and %s", n, sources[0], sources[1])
		}
		tr.wantState(first, 1)
	}
}

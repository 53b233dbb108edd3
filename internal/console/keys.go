package console

// keyHelp is a line of the help sheet. The handlers are in assets/keys.js, and those of the player in assets/player.js.
type keyHelp struct {
	names []string
	does  string
	// short is what the footer says, "" for nothing there.
	short string
	// needs names what the key is about, as assets/keys.js finds it: the footer shows the key on pages that have it. "" for a key of
	// every page.
	needs string
	// acts is for what only an admin can do.
	acts bool
	// native is for what the browser itself does.
	native bool
}

// keyList is the help sheet. A test compares it with the handlers.
func keyList() []keyHelp {
	return []keyHelp{
		{names: []string{"j", "k"}, does: "next and previous row", short: "row", needs: "row"},
		{names: []string{"Enter"}, does: "open the row", short: "open", needs: "row"},
		{names: []string{"["}, does: "the newest part of a list; the previous call; or from a page back to its list"},
		{names: []string{"]"}, does: "the next part of a list; the next call"},
		{names: []string{"r"}, does: "go to retry, replay or check again, where the page has it", short: "retry", needs: "action", acts: true},
		{names: []string{"d"}, does: "open or close the details: those of the row, or all of the page", short: "details", needs: "details"},
		{names: []string{"c"}, does: "copy: the curl of an action that has the focus, else the id of the row or of the page", short: "copy", needs: "text"},
		{names: []string{"p"}, does: "play the recording, or pause it, on the page of a call"},
		{names: []string{"b"}, does: "5 seconds back in the recording"},
		{names: []string{"t"}, does: "times: local, how long ago, or UTC"},
		{names: []string{"/", "Ctrl-k"}, does: "find an id, a number, a code or a page", short: "find"},
		{names: []string{"g"}, does: "then a letter: go to a section"},
		{names: []string{"?"}, does: "this list", short: "help"},
		{names: []string{"Esc"}, does: "close this list, or the box that finds", native: true},
	}
}

// sectionKeys are the letters that follow g.
var sectionKeys = map[string]string{
	"/calls": "c", "/campaigns": "p", "/contacts": "t", "/do-not-call": "n", "/stops": "s", "/webhooks": "w", "/rejections": "x", "/runs": "r", "/overdue": "o", "/health": "h", "/audit": "a", "/jobs": "j",
}

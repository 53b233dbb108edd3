package console

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/i-agent/iagent/internal/interview"
)

// callingFields are what a campaign says of whom it calls, when and how often, as the form names them; the values are texts.
var callingFields = []string{"voice", "region", "callingHours", "holidays", "attempts.max", "attempts.on", "attempts.waitMinutes",
	"maxConcurrent", "maxPerDay", "requireConsentBasis", "stopWhenDecided"}

// callingValues are what somebody typed of callingFields, by name.
type callingValues map[string]string

func callingOf(c interview.Campaign) callingValues {
	hours, attempts := c.CallingHours, c.Attempts
	if len(hours) == 0 {
		hours = interview.DefaultCallingHours()
	}
	if attempts.Max == 0 && attempts.On == nil && attempts.WaitMinutes == 0 {
		attempts = interview.DefaultAttemptPolicy()
	}
	on := attempts.On
	if on == nil {
		on = interview.RetriedOutcomes()
	}
	return callingValues{
		"voice": c.Voice, "region": c.Region, "callingHours": strings.ReplaceAll(hours.String(), ", ", "\n"), "holidays": strings.Join(c.Holidays, "\n"),
		"attempts.max": strconv.Itoa(attempts.Limit()), "attempts.on": strings.Join(words(on), ","), "attempts.waitMinutes": strconv.Itoa(attempts.WaitMinutes),
		"maxConcurrent": strconv.Itoa(c.MaxConcurrent), "maxPerDay": strconv.Itoa(c.MaxPerDay),
		"requireConsentBasis": ticked(c.RequireConsentBasis), "stopWhenDecided": ticked(c.StopWhenDecided),
	}
}

func ticked(is bool) string {
	if is {
		return "on"
	}
	return ""
}

func readCalling(r *http.Request) callingValues {
	values := callingValues{}
	for _, name := range callingFields {
		values[name] = strings.ReplaceAll(r.PostFormValue(name), "\r\n", "\n")
	}
	var on []interview.AttemptOutcome
	for _, outcome := range interview.RetriedOutcomes() {
		if slices.Contains(r.PostForm["attempts.on"], string(outcome)) {
			on = append(on, outcome)
		}
	}
	values["attempts.on"] = strings.Join(words(on), ",")
	return values
}

// retries reports whether another attempt after an outcome is ticked.
func (v callingValues) retries(outcome interview.AttemptOutcome) bool {
	return slices.Contains(strings.Split(v["attempts.on"], ","), string(outcome))
}

// put puts a field into the body of a request. Of the attempts, all parts go together.
func (v callingValues) put(body map[string]any, name string) {
	switch name {
	case "voice", "region":
		body[name] = v[name]
	case "requireConsentBasis", "stopWhenDecided":
		body[name] = v[name] == "on"
	case "maxConcurrent", "maxPerDay":
		body[name] = wholeNumber(v[name], 0)
	case "callingHours":
		windows := []any{}
		for _, line := range linesOf(v[name]) {
			windows = append(windows, windowOf(line))
		}
		body[name] = windows
	case "holidays":
		body[name] = append([]string{}, linesOf(v[name])...)
	default:
		defaults := interview.DefaultAttemptPolicy()
		on := []string{}
		if v["attempts.on"] != "" {
			on = strings.Split(v["attempts.on"], ",")
		}
		body["attempts"] = map[string]any{"max": wholeNumber(v["attempts.max"], defaults.Max), "on": on,
			"waitMinutes": wholeNumber(v["attempts.waitMinutes"], defaults.WaitMinutes)}
	}
}

// windowOf reads days and times such as "mon-fri 09:00-20:00". What is wrong with it the API says.
func windowOf(line string) map[string]string {
	days, times, _ := strings.Cut(line, " ")
	if at := strings.IndexAny(line, "0123456789"); at > 0 { // days may be written apart: mon, wed
		days, times = strings.TrimSpace(line[:at]), line[at:]
	}
	from, to, _ := strings.Cut(strings.ReplaceAll(times, "–", "-"), "-")
	return map[string]string{"days": days, "from": strings.TrimSpace(from), "to": strings.TrimSpace(to)}
}

// linesOf are the lines of a field that have something.
func linesOf(text string) []string {
	var lines []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// wholeNumber is what a field says, as a number; what is none goes to the API as it is, which refuses it.
func wholeNumber(text string, empty int) int {
	text = strings.TrimSpace(text)
	if text == "" {
		return empty
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return -1
	}
	return n
}

// callingField is the field of the form that a fault of the API is about, with what it is about within the field; "" for none.
func (v callingValues) callingField(field string) (name, about string) {
	for _, list := range []string{"callingHours", "holidays"} {
		if n, ok := indexOf(field, list); ok {
			lines := linesOf(v[list])
			if n < len(lines) {
				about = "“" + lines[n] + "”: "
			}
			_, part, _ := strings.Cut(field, "].")
			if part != "" {
				about += part + " "
			}
			return list, about
		}
	}
	if _, ok := indexOf(field, "attempts.on"); ok {
		return "attempts.on", ""
	}
	if slices.Contains(callingFields, field) {
		return field, ""
	}
	return "", ""
}

// identityWords are the parts of who calls that the API names, in words.
func identityWords(missing []string) string {
	names := map[string]string{"identity.organisation": "the name of the organisation", "identity.callbackNumber": "a number to reach it", "identity.purpose": "the purpose of the call"}
	var said []string
	for _, field := range missing {
		said = append(said, names[field])
	}
	if n := len(said); n > 1 {
		return strings.Join(said[:n-1], ", ") + " and " + said[n-1]
	}
	return strings.Join(said, "")
}

// identityProblem is what an answer has against a start without saying who calls, "" for nothing of that kind.
func identityProblem(answer apiAnswer) string {
	var missing []string
	for _, fault := range answer.faults() {
		if strings.HasPrefix(fault.Field, "identity.") {
			missing = append(missing, fault.Field)
		}
	}
	if said := identityWords(missing); said != "" {
		return "It cannot be ACTIVE before it says who calls. Missing: " + said + ". Edit the campaign and say it."
	}
	return ""
}

package signature

import (
	"slices"
	"strings"
)

// Names of Twilio's parameters that may be sent without a value (Twilio: TwiML voice request, Gather,
// Call resource, Recordings, Messaging request).
var emptyNames = []string{"Digits", "SpeechResult", "CallerName", "Body", "Confidence", "AnsweredBy", "ForwardedFrom", "FinishedOnKey", "msg", "ErrorCode", "ErrorUrl",
	"ParentCallSid", "ToCity", "ToState", "ToZip", "ToCountry", "FromCity", "FromState", "FromZip", "FromCountry", "CallDuration", "Duration", "RecordingUrl",
	"RecordingSid", "RecordingDuration", "SequenceNumber", "CallbackSource", "StirVerstat", "StirStatus", "CallToken", "MessagingServiceSid", "NumMedia", "NumSegments",
	"SmsSid", "SmsStatus", "MessageStatus", "ProfileName", "WaId", "ButtonText", "ButtonPayload", "OptInType", "AddOns", "SipResponseCode", "UnstableSpeechResult",
	"StableSpeechResult", "MachineDetectionDuration", "RecordingTrack", "DialCallStatus", "DialCallSid", "DialCallDuration", "QueueResult", "Timestamp"}

// places are the parameters of where two numbers are from. In a voice request each is there twice.
var places = [][]string{{"FromCity", "CallerCity"}, {"FromState", "CallerState"}, {"FromZip", "CallerZip"}, {"FromCountry", "CallerCountry"},
	{"ToCity", "CalledCity"}, {"ToState", "CalledState"}, {"ToZip", "CalledZip"}, {"ToCountry", "CalledCountry"}}

// whiteSpace that values lose at their ends.
var whiteSpace = []string{" ", "\n", "\r\n", "\t", "  "}

// guessOptions put back what was lost from a body, where there are few possibilities.
func guessOptions(req Request) []option {
	l := &paramList{pairs: new(form).sent(req.Body)}
	if len(req.Body) > maxGuessed || len(l.pairs) == 0 || len(l.pairs) > mostPairs || !isForm(req.ContentType) || bodiless(req.Method) {
		return nil
	}
	l.addTrimmed()
	l.addEmptied()
	l.addCollapsed()
	l.addLostCharacters()
	return l.options.sorted()
}

// addLostCharacters gives back a letter for which "?" or U+FFFD arrives, as after a charset that does not have it.
func (l *paramList) addLostCharacters() {
	for i, p := range l.pairs {
		for _, lost := range []string{"?", "\ufffd"} {
			if n := strings.Count(p.value, lost); n == 0 || n > 3 {
				continue
			}
			for _, r := range "äöüÄÖÜßéèêëàâáãåæçíìîïñóòôõøœúùûýÿÉÈÊÀÂÁÃÅÆÇÍÎÑÓÔÕØÚÛŠšŽžąćęłńśźżčďěňřťů’‘“”„–—…€£°§«»¿¡•™©®\u00a0" {
				l.signed(alone, with(l.pairs, i, strings.ReplaceAll(p.value, lost, string(r))), Cause{Kind: CauseBody,
					Text: "signed with a letter in the value of " + printable(p.name) + " that something on the way replaced: it does not read UTF-8", Cure: passBody})
			}
		}
	}
}

const trimmed = "signed with white space around a value, which something on the way removed"

// addTrimmed gives white space back to one value, to two, or to all.
func (l *paramList) addTrimmed() {
	add := func(weight int, pairs []pair, name string) {
		l.signed(weight, pairs, Cause{Kind: CauseBody, Text: trimmed + " (" + printable(name) + ")", Cure: passBody})
	}
	texts := 0
	for i, p := range l.pairs {
		for j, white := range whiteSpace {
			weight := rare
			if j > 0 {
				weight = alone
			}
			after := with(l.pairs, i, p.value+white)
			add(weight, after, p.name)
			add(weight, with(l.pairs, i, white+p.value), p.name)
			if p.value != "" {
				add(weight, with(l.pairs, i, white+p.value+white), p.name)
			}
		}
		// Two values: of names whose values people speak or write.
		if !isText(p) || texts == 12 {
			continue
		}
		texts++
		for k, q := range l.pairs[:i] {
			if isText(q) {
				add(alone, with(with(l.pairs, i, p.value+" "), k, q.value+" "), p.name+" and "+q.name)
				add(alone, with(with(l.pairs, i, " "+p.value), k, " "+q.value), p.name+" and "+q.name)
				add(alone, with(with(l.pairs, i, " "+p.value+" "), k, " "+q.value+" "), p.name+" and "+q.name)
			}
		}
	}
}

// isText tells values of words from ids, numbers and URLs.
func isText(p pair) bool {
	switch p.name {
	case "Body", "SpeechResult", "Digits", "CallerName", "ProfileName":
		return true
	}
	return !strings.HasSuffix(p.name, "Sid") && !strings.Contains(p.value, "://") && strings.ContainsAny(strings.ToLower(p.value), "ghijklmnopqrstuvwxyz")
}

func with(pairs []pair, i int, value string) []pair {
	list := slices.Clone(pairs)
	list[i].value = value
	return list
}

// addEmptied gives back parameters without a value that were dropped.
func (l *paramList) addEmptied() {
	has := func(name string) bool {
		return slices.ContainsFunc(l.pairs, func(p pair) bool { return p.name == name })
	}
	add := func(weight int, names []string) {
		pairs := slices.Clone(l.pairs)
		for _, name := range names {
			pairs = append(pairs, pair{name, ""})
		}
		l.signed(weight, pairs, Cause{Kind: CauseBody, Text: "signed with parameters without a value (" + strings.Join(names, ", ") +
			"), which something on the way dropped", Cure: passBody})
	}
	var absent []string
	for _, name := range emptyNames {
		if !has(name) {
			absent = append(absent, name)
		}
	}
	for i, name := range absent {
		add(rare, []string{name})
		for _, other := range absent[:min(i, 12)] {
			add(alone, []string{other, name})
		}
	}
	// Middleware that drops what is empty often trims, too.
	for i, p := range l.pairs {
		if !isText(p) {
			continue
		}
		for _, name := range absent[:min(len(absent), 12)] {
			for _, value := range []string{p.value + " ", " " + p.value} {
				pairs := inOrder(append(with(l.pairs, i, value), pair{name, ""}))
				l.options.add(option{text: raw(pairs), weight: alone, pairs: pairs, causes: []Cause{
					{Kind: CauseBody, Text: trimmed + " (" + printable(p.name) + ")", Cure: passBody},
					{Kind: CauseBody, Text: "signed with parameters without a value (" + name + "), which something on the way dropped", Cure: passBody}}})
			}
		}
	}
	// A request for TwiML names the places of both numbers, a message those of From and To alone.
	for mirrored := range 2 {
		var lost [][]string
		for _, names := range places {
			if names = names[:mirrored+1]; !has(names[0]) {
				lost = append(lost, names)
			}
		}
		for subset := 1; subset < 1<<len(lost); subset++ {
			var names []string
			for i := range lost {
				if subset>>i&1 == 1 {
					names = append(names, lost[i]...)
				}
			}
			add(alone, names)
			for _, more := range []string{"CallerName", "Digits", "SpeechResult", "Body"} {
				if !has(more) && subset == 1<<len(lost)-1 {
					add(alone, append(slices.Clone(names), more))
				}
			}
		}
	}
}

// addCollapsed gives a second value back to a name, where it can be guessed: a digit, or the value of another parameter.
func (l *paramList) addCollapsed() {
	guesses := []string{"", "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "#", "true", "false", "yes", "no"}
	for _, p := range l.pairs {
		if len(p.value) <= 40 && len(guesses) < 40 {
			guesses = append(guesses, p.value)
		}
	}
	for _, p := range one(l.pairs, false) {
		if !strings.HasSuffix(p.name, "Sid") {
			for _, value := range guesses {
				l.signed(alone, append(slices.Clone(l.pairs), pair{p.name, value}), Cause{Kind: CauseBody,
					Text: "signed with the parameter " + printable(p.name) + " repeated: something on the way kept only one of its values", Cure: passBody})
			}
		}
	}
}

package console

import (
	"slices"
	"strings"
	"testing"
)

func TestEveryNameOfTheMenuIsFound(t *testing.T) {
	for _, section := range sections {
		for _, asked := range []string{section.name, strings.ToUpper(section.name), " " + strings.ReplaceAll(section.name, " ", "-") + "?"} {
			if found, _ := placesOf(asked); len(found) != 1 || found[0].page != section.path {
				t.Errorf("%q leads to %v, want %s alone", asked, found, section.path)
			}
		}
	}
}

func TestEveryPageIsFoundByItsName(t *testing.T) {
	for _, p := range places() {
		if found, all := placesOf(p.name); !all || !slices.ContainsFunc(found, func(other place) bool { return other.page == p.page }) {
			t.Errorf("%q is not found: %v", p.name, found)
		}
	}
}

func TestWordsThatPeopleUseFindThePagesThatAnswerThem(t *testing.T) {
	for asked, want := range map[string]string{
		"do not call": "/do-not-call", "opted out": "/do-not-call", "opt out": "/do-not-call", "opt-out": "/do-not-call", "never call again": "/do-not-call",
		"403": "/rejections", "conflicting webhook": "/webhooks?outcome=conflict", "different content": "/webhooks?outcome=conflict",
		"broke off": "/campaigns", "hung up": "/campaigns", "no recording": "/calls?awaiting=recording", "retry": "/runs?state=failed",
		"canceled": "/calls?status=CANCELED", "cancelled": "/calls?status=CANCELED", "busy": "/calls?status=BUSY", "no answer": "/calls?status=NO_ANSWER",
		"consent": "/calls?consentGiven=false", "hypothesis": "/campaigns", "heard last": "/campaigns", "break-off": "/campaigns",
		"why was it refused": "/rejections", "duplicates": "/webhooks?outcome=duplicate",
	} {
		found, all := placesOf(asked)
		if !all || !slices.ContainsFunc(found, func(p place) bool { return p.page == want }) {
			t.Errorf("%q leads to %v, want %s among them", asked, found, want)
		}
	}
	if found, _ := placesOf("timeout"); slices.ContainsFunc(found, func(p place) bool { return strings.Contains(p.page, "ZONE") }) {
		t.Errorf("a word that only begins as another: %v", found)
	}
	for _, p := range places() {
		if p.name == callsByEnd && p.detail == "" {
			t.Errorf("%q does not say what to do there", p.name)
		}
	}
	if found, _ := placesOf("nothing"); len(found) > 0 {
		t.Errorf("no word that says anything: %v", found)
	}
	if found, all := placesOf("busy elephants"); all || len(found) == 0 || found[0].page != "/campaigns" && found[0].page != "/calls?status=BUSY" {
		t.Errorf("a word that nothing is about: %v, %v", found, all)
	}
}

package simulator

import (
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

func TestPeopleReadTheSameFromYAMLAndJSON(t *testing.T) {
	file, err := os.Open("testdata/people.yaml")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	people, err := ReadPeople(file)
	if err != nil {
		t.Fatal(err)
	}
	if len(people.Scripts) != 3 || people.Scripts[0].Replies[0].Means != ConsentYes || *people.Scripts[0].Answers[0].Claims[0].Number != 12.5 {
		t.Errorf("read %+v", people)
	}
	asYAML, err := yaml.Marshal(people)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"JSON": asJSON(t, people), "YAML": string(asYAML)} {
		again, err := ReadPeople(strings.NewReader(text))
		if err != nil || !reflect.DeepEqual(people, again) {
			t.Errorf("%s: read again as %+v, %v", name, again, err)
		}
	}
	var decoded People
	if err := json.Unmarshal([]byte(asJSON(t, people)), &decoded); err != nil || !reflect.DeepEqual(people, decoded) {
		t.Errorf("by encoding/json: %+v, %v", decoded, err)
	}
}

func TestMistakesInScriptsAreNamed(t *testing.T) {
	for text, want := range map[string]string{
		"people: []":                           "no people",
		"":                                     "EOF",
		"people: [{name: a, repplies: []}]":    "repplies",
		"people: [{name: a, outcome: asleep}]": `"asleep"`,
		"people: [{name: a, replies: [{say: hm, means: maybe}]}]":   `"maybe"`,
		`people: [{name: a, replies: [{digits: "1a"}]}]`:            `"1a"`,
		`people: [{name: a, replies: [{digits: "1", say: "yes"}]}]`: "both",
		"people: [{name: a, answers: [{about: price}]}]":            "says nothing",
		"people: [{name: a, weight: -1}]":                           "negative",
	} {
		if _, err := ReadPeople(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v does not say %s", text, err, want)
		}
	}
}

func TestPeopleArePickedByNumberThenByWeight(t *testing.T) {
	people := People{Scripts: []WeightedScript{
		{Script: Script{Name: "often"}, Weight: 9}, {Script: Script{Name: "rare"}},
		{Script: Script{Name: "named"}, Numbers: []string{"+15550000001"}},
	}}
	pick := people.Pick(7)
	if got := pick("+15550000001", 3).Name; got != "named" {
		t.Errorf("a number with a role of its own got %q", got)
	}
	count := map[string]int{}
	for n := range 1000 {
		script := pick("+15550000002", n)
		count[script.Name]++
		if again := pick("+15550000002", n).Name; again != script.Name {
			t.Fatalf("call %d: %q, then %q", n, script.Name, again)
		}
	}
	if count["named"] != 0 || count["rare"] < 60 || count["rare"] > 140 {
		t.Errorf("picked %v", count)
	}
	if got := (People{}).Pick(1)("+1", 0).Name; got != "no-answer" {
		t.Errorf("an empty people sends %q", got)
	}
}

func TestMixedPeopleHaveEveryScript(t *testing.T) {
	names := map[string]bool{}
	for _, script := range Scripts() {
		if err := script.Validate(); err != nil {
			t.Error(err)
		}
		names[script.Name] = true
	}
	for n := range 500 {
		delete(names, MixedPeople().Pick(1)("+15550000002", n).Name)
	}
	if len(names) > 0 {
		t.Errorf("never picked: %v", names)
	}
}

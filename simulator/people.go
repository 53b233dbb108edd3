package simulator

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"gopkg.in/yaml.v3"
)

// People decides which script is played for which number. A number that a script names gets that script; for all other
// numbers a script is drawn by weight from those that name no numbers.
type People struct {
	Scripts []WeightedScript `json:"people" yaml:"people"`
	// Same makes a number the same person in every call: then a script is drawn for a number, else for each call to it.
	Same bool `json:"same,omitempty" yaml:"same,omitempty"`
}

// WeightedScript is a script and when it is played.
type WeightedScript struct {
	Script  `yaml:",inline"`
	Weight  int      `json:"weight,omitempty" yaml:"weight,omitempty"`   // 0 means 1
	Numbers []string `json:"numbers,omitempty" yaml:"numbers,omitempty"` // E.164; with numbers, the weight is not used
}

// ReadPeople reads people from YAML or JSON and checks their scripts. A field that no script has is an error, so that a
// misspelt one is found and not taken for a person who says nothing.
func ReadPeople(r io.Reader) (People, error) {
	var people People
	d := yaml.NewDecoder(r)
	d.KnownFields(true)
	if err := d.Decode(&people); err != nil {
		return People{}, fmt.Errorf("reading scripts: %w", err)
	}
	if len(people.Scripts) == 0 {
		return People{}, errors.New("reading scripts: no people in it")
	}
	for _, script := range people.Scripts {
		if err := script.Validate(); err != nil {
			return People{}, fmt.Errorf("reading scripts: %w", err)
		}
		if script.Weight < 0 {
			return People{}, fmt.Errorf("reading scripts: script %q: weight %d is negative", script.Name, script.Weight)
		}
	}
	return people, nil
}

// MixedPeople is one person for each script of this package; those who consent are five times as likely as the others.
func MixedPeople(answers ...Answer) People {
	var people People
	for _, script := range Scripts(answers...) {
		weighted := WeightedScript{Script: script, Weight: 1}
		if script.Name == "consents" {
			weighted.Weight = 5
		}
		people.Scripts = append(people.Scripts, weighted)
	}
	return people
}

// Pick returns a function for [Config.Pick]: the script of a number for the n-th call (from 0) to it, drawn from the seed.
func (people People) Pick(runSeed uint64) func(to string, n int) Script {
	return func(to string, n int) Script {
		total := 0
		for _, script := range people.Scripts {
			if slices.Contains(script.Numbers, to) {
				return script.Script
			}
			total += script.share()
		}
		if total == 0 {
			return NoAnswer()
		}
		if people.Same {
			n = 0
		}
		at := seed(runSeed).rand(to, n, "cast").IntN(total)
		for _, script := range people.Scripts {
			if at -= script.share(); at < 0 {
				return script.Script
			}
		}
		return NoAnswer()
	}
}

// share is the weight with which the script is drawn for a number that no script names.
func (w WeightedScript) share() int {
	if len(w.Numbers) > 0 {
		return 0
	}
	return max(w.Weight, 1)
}

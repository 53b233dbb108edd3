package simulator

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"gopkg.in/yaml.v3"
)

// Cast decides who answers which number. A number that a role names gets that role; all others are drawn by
// weight from the roles that name no numbers.
type Cast struct {
	People []Role `json:"people" yaml:"people"`
}

// Role is a script and when it is played.
type Role struct {
	Script  `yaml:",inline"`
	Weight  int      `json:"weight,omitempty" yaml:"weight,omitempty"`   // 0 means 1
	Numbers []string `json:"numbers,omitempty" yaml:"numbers,omitempty"` // E.164; then the weight says nothing
}

// ReadCast reads a cast from YAML or JSON and checks it. A field that no script has is an error, so that a
// misspelt one is not silently a person who says nothing.
func ReadCast(r io.Reader) (Cast, error) {
	var cast Cast
	d := yaml.NewDecoder(r)
	d.KnownFields(true)
	if err := d.Decode(&cast); err != nil {
		return Cast{}, fmt.Errorf("reading scripts: %w", err)
	}
	if len(cast.People) == 0 {
		return Cast{}, errors.New("reading scripts: no people in it")
	}
	for _, role := range cast.People {
		if err := role.Script.Validate(); err != nil {
			return Cast{}, fmt.Errorf("reading scripts: %w", err)
		}
		if role.Weight < 0 {
			return Cast{}, fmt.Errorf("reading scripts: script %q: weight %d is negative", role.Name, role.Weight)
		}
	}
	return cast, nil
}

// Mixed is a cast of all scripts of this package, with consent more common than anything else.
func Mixed(answers ...Answer) Cast {
	var cast Cast
	for _, script := range Scripts(answers...) {
		role := Role{Script: script, Weight: 1}
		if script.Name == "consents" {
			role.Weight = 5
		}
		cast.People = append(cast.People, role)
	}
	return cast
}

// Pick is for [Config.Pick]: the role of a number for the n-th call (from 0) to it, drawn from the seed.
func (cast Cast) Pick(runSeed uint64) func(to string, n int) Script {
	return func(to string, n int) Script {
		total := 0
		for _, role := range cast.People {
			if slices.Contains(role.Numbers, to) {
				return role.Script
			}
			total += role.share()
		}
		if total == 0 {
			return NoAnswer()
		}
		at := seed(runSeed).rand(to, n, "cast").IntN(total)
		for _, role := range cast.People {
			if at -= role.share(); at < 0 {
				return role.Script
			}
		}
		return NoAnswer()
	}
}

func (r Role) share() int {
	if len(r.Numbers) > 0 {
		return 0
	}
	return max(r.Weight, 1)
}

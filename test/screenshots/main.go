// Command screenshots takes the pictures of the README: it runs the demo, keeps its server, and opens pages of its console in a
// real browser.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"github.com/i-agent/iagent/internal/browsertest"
	"github.com/i-agent/iagent/internal/demo"
	"github.com/i-agent/iagent/internal/e2e"
)

// picture is a page and how it is looked at.
type picture struct {
	// name is that of the file, without .png.
	name string
	// page is a path below /console. {call}, {webhook}, {campaign}, {hypothesis} and {rejection} are ids of the demo.
	page string
	look browsertest.Look
	// height cuts the picture, in pixels; 0 means 1000.
	height int
}

// pictures are those that are taken. A page that there is not is left out.
func pictures() []picture {
	wide, narrow, dark := browsertest.Look{Width: 1280}, browsertest.Look{Width: 390}, browsertest.Look{Width: 1280, Dark: true}
	return []picture{
		{"calls", "/calls", wide, 900},
		{"call", "/calls/{call}", wide, 1500},
		{"call-dark", "/calls/{call}", dark, 1100},
		{"call-390", "/calls/{call}", narrow, 1200},
		{"webhook", "/webhooks/{webhook}", wide, 1200},
		{"rejection", "/rejections/{rejection}", wide, 1000},
		{"campaign", "/campaigns/{campaign}", wide, 1000},
		{"hypothesis", "/hypotheses/{hypothesis}", wide, 1000},
		{"runs", "/runs", wide, 700},
		{"health", "/health", wide, 900},
	}
}

func main() {
	folder := flag.String("to", "docs/images", "folder of the pictures")
	flag.Parse()
	if err := run(*folder); err != nil {
		fmt.Fprintln(os.Stderr, "screenshots:", err)
		os.Exit(1)
	}
}

// run keeps a demo and takes the pictures.
func run(folder string) error {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	kept, ended := make(chan demo.Kept, 1), make(chan error, 1)
	go func() {
		ended <- demo.Run(ctx, demo.Options{Out: io.Discard, Seed: 1, Keep: true, Samples: true, Within: 5 * time.Minute, Kept: func(k demo.Kept) { kept <- k }})
	}()
	select {
	case err := <-ended:
		return errors.Join(errors.New("the demo ended before its time"), err)
	case server := <-kept:
		err := take(ctx, server, folder)
		stop()
		return errors.Join(err, <-ended)
	}
}

// take opens the pages and writes the pictures.
func take(ctx context.Context, server demo.Kept, folder string) error {
	ids, err := idsOf(ctx, server)
	if err != nil {
		return err
	}
	if err := settle(ctx, server); err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return fmt.Errorf("making the folder of the pictures: %w", err)
	}
	return browsertest.Alone(func(open browsertest.Open) error {
		tabs := map[browsertest.Look]*browsertest.Tab{}
		for _, p := range pictures() {
			page := server.URL + "/console" + ids.Replace(p.page)
			if there, err := answers(ctx, server, page); err != nil || !there {
				fmt.Printf("%-12s left out: there is no %s\n", p.name, p.page)
				continue
			}
			tab := tabs[p.look]
			if tab == nil {
				tab = open(p.look)
				tabs[p.look] = tab
				tab.Go(server.URL + "/console/sign-in")
				tab.Type("#token", server.AdminToken)
				tab.Press("\r")
				tab.Until(`location.pathname === "/console/calls"`)
			}
			tab.Go(page)
			tab.Until(`true`)
			small, err := shrink(tab.Screenshot(), p.height)
			if err != nil {
				return fmt.Errorf("picture %s: %w", p.name, err)
			}
			if err := os.WriteFile(filepath.Join(folder, p.name+".png"), small, 0o644); err != nil {
				return fmt.Errorf("picture %s: %w", p.name, err)
			}
			fmt.Printf("%-12s %d KB\n", p.name, len(small)/1000)
		}
		return nil
	})
}

// settle waits until only the run that died is overdue: the demo's clock was moved forward by hours, so that Twilio is asked at once about
// calls of which it would have been asked meanwhile.
func settle(ctx context.Context, server demo.Kept) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	for {
		var overdue struct{ Items []struct{} }
		if err := get(ctx, server, "/api/overdue", &overdue); err != nil {
			return err
		}
		wait := time.Second
		if len(overdue.Items) <= 1 {
			wait = measuredWithin
		}
		if err := e2e.Wait(ctx, wait); err != nil || wait == measuredWithin {
			return err
		}
	}
}

// measuredWithin is after what time the strip of numbers on each page has what was there.
const measuredWithin = 15 * time.Second

// answers reports whether there is such a page.
func answers(ctx context.Context, server demo.Kept, page string) (bool, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, page, nil)
	if err != nil {
		return false, fmt.Errorf("asking for %s: %w", page, err)
	}
	r.SetBasicAuth("screenshots", server.AdminToken)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return false, fmt.Errorf("asking for %s: %w", page, err)
	}
	return response.StatusCode == http.StatusOK, response.Body.Close()
}

// idsOf finds what the pictures show: a call that was heard to its end, its answer to the consent question, and so on.
func idsOf(ctx context.Context, server demo.Kept) (*strings.Replacer, error) {
	var pairs []string
	for _, of := range []struct{ name, path string }{
		{"{call}", "/api/calls?status=COMPLETED&consentGiven=true&limit=50"}, {"{webhook}", "/api/webhooks?kind=consent&limit=1"},
		{"{campaign}", "/api/campaigns?limit=50"}, {"{rejection}", "/api/rejections?limit=1"},
	} {
		var list struct {
			Items []struct {
				ID         string
				Hypotheses []struct{ ID string }
			} `json:"items"`
		}
		// A refused request is kept a moment after its answer.
		for deadline := time.Now().Add(10 * time.Second); len(list.Items) == 0 && time.Now().Before(deadline); {
			if err := get(ctx, server, of.path, &list); err != nil {
				return nil, err
			}
			if len(list.Items) == 0 {
				time.Sleep(200 * time.Millisecond)
			}
		}
		if len(list.Items) == 0 {
			continue
		}
		oldest := list.Items[len(list.Items)-1]
		pairs = append(pairs, of.name, oldest.ID)
		if len(oldest.Hypotheses) > 0 {
			pairs = append(pairs, "{hypothesis}", oldest.Hypotheses[0].ID)
		}
	}
	return strings.NewReplacer(pairs...), nil
}

// get reads what the API answers.
func get(ctx context.Context, server demo.Kept, path string, into any) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+path, nil)
	if err != nil {
		return fmt.Errorf("GET %s: %w", path, err)
	}
	r.Header.Set("Authorization", "Bearer "+server.AdminToken)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return fmt.Errorf("GET %s: %w", path, err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("GET %s: %s", path, response.Status)
	}
	if err := json.NewDecoder(response.Body).Decode(into); err != nil {
		return fmt.Errorf("GET %s: %w", path, err)
	}
	return nil
}

// shrink cuts a picture at a height and gives it the 256 colours that it has most of, which pages have few of.
func shrink(picture []byte, height int) ([]byte, error) {
	full, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		return nil, fmt.Errorf("reading the picture: %w", err)
	}
	bounds := full.Bounds()
	bounds.Max.Y = min(bounds.Max.Y, bounds.Min.Y+height)
	few := image.NewPaletted(bounds, palette(full, bounds))
	draw.Draw(few, bounds, full, bounds.Min, draw.Src)
	var out bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(&out, few); err != nil {
		return nil, fmt.Errorf("writing the picture: %w", err)
	}
	return out.Bytes(), nil
}

// palette is of the most frequent colours.
func palette(picture image.Image, bounds image.Rectangle) color.Palette {
	count := map[color.RGBA]int{}
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			r, g, b, _ := picture.At(x, y).RGBA()
			count[color.RGBA{uint8(r >> 8), uint8(g >> 8), uint8(b >> 8), 255}]++
		}
	}
	colours := make([]color.RGBA, 0, len(count))
	for c := range count {
		colours = append(colours, c)
	}
	sort.Slice(colours, func(i, j int) bool {
		a, b := colours[i], colours[j]
		if count[a] != count[b] {
			return count[a] > count[b]
		}
		return a.R < b.R || a.R == b.R && (a.G < b.G || a.G == b.G && a.B < b.B)
	})
	all := color.Palette{}
	for _, c := range colours[:min(len(colours), 256)] {
		all = append(all, c)
	}
	return all
}

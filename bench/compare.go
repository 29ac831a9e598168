package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// A row is one figure of one workload, from all runs.
type row struct {
	Workload, Figure, Unit string
	// Values are one for each pair, by library, in the order of the pairs; NaN
	// where a run failed.
	Values map[string][]float64
}

// A comparison runs workloads in pairs.
type comparison struct {
	options
	progress io.Writer
	node     []string // the command of the third column, nil if there is none
	rows     []row
	failures []error
}

// options are the command's flags.
type options struct {
	only                     *regexp.Regexp
	pairs                    int
	seconds                  float64
	json, list               bool
	cpuProfile, allocProfile string // directories
	tiny                     bool
}

// runTimeout is how long a process of a run may take beyond its window.
const runTimeout = 2 * time.Minute

// run runs the workload in its pairs, until ctx ends.
func (c *comparison) run(ctx context.Context, w workload) {
	pairs := c.pairs
	if w.minor {
		pairs = max(1, pairs/2)
	}
	for pair := range pairs {
		order := []string{nameParley, namePion}
		if pair%2 == 1 {
			order = []string{namePion, nameParley}
		}
		if c.node != nil && nodeArguments(w) != nil && pair < max(1, pairs/2) {
			order = append(order, nameNode)
		}
		for _, name := range order {
			if ctx.Err() != nil {
				return
			}
			figures, err := c.runOnce(w, name, pair)
			if ctx.Err() != nil {
				return // the run may have been interrupted, too
			}
			if err != nil {
				err = fmt.Errorf("%s, %s, pair %d: %w", w.name, name, pair+1, err)
				c.failures = append(c.failures, err)
				fmt.Fprintln(c.progress, err)
				continue
			}
			c.add(w.name, name, pair, figures)
			fmt.Fprintf(c.progress, "%s, pair %d of %d, %-15s", w.name, pair+1, pairs, name)
			for _, f := range figures {
				fmt.Fprintf(c.progress, "  %s %s %s", f.Name, number(f.Value), f.Unit)
			}
			fmt.Fprintln(c.progress)
		}
	}
}

// add puts the figures of a run into their rows.
func (c *comparison) add(workload, name string, pair int, figures []figure) {
	for _, f := range figures {
		i := 0
		for i < len(c.rows) && (c.rows[i].Workload != workload || c.rows[i].Figure != f.Name) {
			i++
		}
		if i == len(c.rows) {
			c.rows = append(c.rows, row{workload, f.Name, f.Unit, map[string][]float64{}})
		}
		values := c.rows[i].Values[name]
		for len(values) < pair {
			values = append(values, math.NaN())
		}
		c.rows[i].Values[name] = append(values, f.Value)
	}
}

// runOnce runs a workload on a library in a process of its own. The first pair
// writes the profiles.
func (c *comparison) runOnce(w workload, name string, pair int) ([]figure, error) {
	s := spec{Workload: w.name, Library: name, Seconds: c.seconds, Tiny: c.tiny}
	if pair == 0 {
		file := fileName(w.name + " " + name)
		if c.cpuProfile != "" {
			s.CPUProfile = filepath.Join(c.cpuProfile, file)
		}
		if c.allocProfile != "" {
			s.AllocProfile = filepath.Join(c.allocProfile, file)
		}
	}
	cmd, err := again(s)
	if err != nil {
		return nil, err
	}
	if name == nameNode {
		cmd = nodeCommand(c.node, w, c.seconds)
	}
	return figuresOf(cmd, runTimeout+time.Duration(c.seconds*float64(time.Second)))
}

// fileName makes a name of words that are joined by hyphens.
func fileName(words string) string {
	return strings.Join(strings.FieldsFunc(words, func(r rune) bool { return strings.ContainsRune(" ,", r) }), "-")
}

// figuresOf runs a command that prints figures.
func figuresOf(cmd *exec.Cmd, timeout time.Duration) ([]figure, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	bounded := exec.CommandContext(ctx, cmd.Path, cmd.Args[1:]...)
	bounded.Env, bounded.Stderr, bounded.WaitDelay = cmd.Env, os.Stderr, time.Second
	out, err := bounded.Output()
	if ctx.Err() != nil {
		return nil, fmt.Errorf("no result after %v", timeout)
	}
	if err != nil {
		return nil, err
	}
	var figures []figure
	if err := json.NewDecoder(bytes.NewReader(out)).Decode(&figures); err != nil {
		return nil, fmt.Errorf("figures %q: %w", out, err)
	}
	if len(figures) == 0 {
		return nil, errors.New("no figures")
	}
	return figures, nil
}

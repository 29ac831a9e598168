package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
)

func main() {
	if err := command(os.Args[1:], os.Getenv(specEnv)); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// command does what the arguments say, or what the process is told to do as one of
// a run.
func command(arguments []string, spec string) error {
	if spec != "" {
		return serve(spec, os.Stdin, os.Stdout)
	}
	o, err := parse(arguments, os.Stderr)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	return compare(o, os.Stdout, os.Stderr)
}

// parse reads the flags. Usage and what is wrong with them go to out.
func parse(arguments []string, out io.Writer) (options, error) {
	o := options{}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(out)
	only := flags.String("only", "", "run the workloads whose name matches `regexp`")
	flags.IntVar(&o.pairs, "pairs", 7, "how many pairs of runs; half as many for minor workloads")
	flags.Float64Var(&o.seconds, "seconds", 2, "how long each run measures")
	flags.StringVar(&o.cpuProfile, "cpuprofile", "", "write CPU profiles of the first pair to `directory`")
	flags.StringVar(&o.allocProfile, "allocprofile", "", "write allocation profiles of the first pair to `directory`; they slow it down")
	flags.BoolVar(&o.json, "json", false, "print JSON, with every value, in place of the table")
	flags.BoolVar(&o.list, "list", false, "print the names of the workloads and end")
	if err := flags.Parse(arguments); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if o.pairs < 1 {
		return o, fmt.Errorf("-pairs is %d; at least 1 is needed", o.pairs)
	}
	if !(o.seconds > 0 && o.seconds <= 600) { // NaN neither
		return o, fmt.Errorf("-seconds is %v; a number above 0 and at most 600 is needed", o.seconds)
	}
	if *only != "" {
		var err error
		if o.only, err = regexp.Compile(*only); err != nil {
			return o, fmt.Errorf("-only: %w", err)
		}
	}
	return o, nil
}

// compare runs what was selected and prints the table, or JSON, to out. The figures
// of each run go to progress when it has ended. An interrupt ends it early, with what
// there is by then.
func compare(o options, out, progress io.Writer) error {
	list := selected(o.only)
	if len(list) == 0 {
		return fmt.Errorf("-only %s: no workload matches; -list prints them all", o.only)
	}
	if o.list {
		for _, w := range list {
			fmt.Fprintln(out, w.name)
		}
		return nil
	}
	for _, dir := range []string{o.cpuProfile, o.allocProfile} {
		if dir == "" {
			continue
		}
		if err := os.MkdirAll(dir, 0o777); err != nil {
			return err
		}
	}
	c := &comparison{options: o, progress: progress}
	var why string
	if c.node, why = nodeProgram(); why != "" {
		fmt.Fprintf(progress, "%s is left out: %s\n", nameNode, why)
	}
	interrupted, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	for _, w := range list {
		c.run(interrupted, w)
	}
	if o.json {
		if err := writeJSON(out, c.rows); err != nil {
			return err
		}
	} else {
		writeTable(out, c.rows)
	}
	if n := len(c.failures); n > 0 {
		return fmt.Errorf("%d runs failed:\n%w", n, errors.Join(c.failures...))
	}
	return nil
}

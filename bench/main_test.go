package main

import (
	"fmt"
	"os"
	"testing"

	"github.com/parleyrtc/webrtc/internal/leaktest"
)

// TestMain lets the test binary be the processes of runs, too.
func TestMain(m *testing.M) {
	if text := os.Getenv(specEnv); text != "" {
		if err := serve(text, os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	leaktest.Main(m)
}

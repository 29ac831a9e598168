package compat

import (
	"testing"

	_ "github.com/pion/datachannel"
	_ "github.com/pion/ice/v4"
	_ "github.com/pion/webrtc/v4"
)

func TestDump(t *testing.T) {
	all, err := compareAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range all {
		if f.status != same {
			t.Log(f)
		}
	}
}

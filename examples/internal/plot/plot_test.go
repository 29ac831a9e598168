package plot

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parleyrtc/webrtc/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// draw returns the drawing, which must be well-formed.
func draw(t *testing.T, c *Chart) string {
	t.Helper()
	var out bytes.Buffer
	if err := c.SVG(&out, Dark); err != nil {
		t.Fatal(err)
	}
	decoder := xml.NewDecoder(bytes.NewReader(out.Bytes()))
	for {
		if _, err := decoder.Token(); errors.Is(err, io.EOF) {
			return out.String()
		} else if err != nil {
			t.Fatalf("%v in %s", err, out.String())
		}
	}
}

// A chart names its curves and draws the latest two minutes of them.
func TestSVG(t *testing.T) {
	c := New(Bitrate, 0, "video <& audio>", "of old", "nothing")
	for i := range 300 {
		at := time.Duration(i) * time.Second
		c.Add("video <& audio>", at, 700e3)
		if i < 10 {
			c.Add("of old", at, 9e9)
		}
	}
	got := draw(t, c)
	for _, want := range []string{"video &lt;&amp; audio&gt;", "800 kbit/s", "0 bit/s", ">4:59<", ">2:59<"} {
		if !strings.Contains(got, want) {
			t.Errorf("the drawing lacks %q: %s", want, got)
		}
	}
	if strings.Contains(got, "of old") || strings.Contains(got, "nothing") {
		t.Error("a curve that ended long ago, or never began, is drawn")
	}
	if strings.Contains(got, "http://www.w3.org/1999/xlink\" href") {
		t.Error("the drawing refers to something else")
	}
}

func TestEmptyChart(t *testing.T) {
	if got := draw(t, New(Percent, 0.04, "loss")); !strings.Contains(got, "nothing yet") || !strings.Contains(got, "4 %") {
		t.Errorf("drawn: %s", got)
	}
}

// One point, and a point at the very beginning, can be drawn.
func TestOnePoint(t *testing.T) {
	c := New(Milliseconds, 0, "a", "b")
	c.Add("a", 0, 0)
	draw(t, c)
	c.Add("b", 3*time.Second, 0.017)
	if got := draw(t, c); !strings.Contains(got, ">20 ms<") {
		t.Errorf("drawn: %s", got)
	}
}

// Whatever is added, a chart stays small and can be drawn.
func TestBounds(t *testing.T) {
	c := New(Bitrate, 0, "0", "1", "2", "3", "4", "5", "6")
	for i := range 2 * maxPoints {
		for j := range 2 * maxCurves {
			c.Add(fmt.Sprint(j), time.Duration(i)*time.Second, float64(i))
		}
		c.Add("0", time.Duration(i)*time.Second, 1e9) // not later
		c.Add("0", 0, 1e9)
		c.Add("0", time.Duration(i)*time.Second+1, math.NaN())
		c.Add("0", time.Duration(i)*time.Second+1, math.Inf(1))
	}
	if len(c.curves) != maxCurves {
		t.Errorf("%d curves", len(c.curves))
	}
	for _, one := range c.curves {
		if len(one.at) != maxPoints || len(one.values) != maxPoints {
			t.Errorf("%s: %d times, %d values", one.name, len(one.at), len(one.values))
		}
	}
	if v := c.curves[0].values[maxPoints-1]; v != 2*maxPoints-1 {
		t.Errorf("the latest is %v", v)
	}
	draw(t, c)
}

func TestUnits(t *testing.T) {
	for got, want := range map[string]string{
		Bitrate(2_340_000): "2.3 Mbit/s", Bitrate(64_000): "64 kbit/s", Bitrate(12): "12 bit/s",
		Percent(0.025): "2.5 %", Milliseconds(0.0123): "12.3 ms", seconds(125): "2:05",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	for v, want := range map[float64]float64{0: 1, 1: 1, 1.1: 2, 3: 4, 5: 6, 7: 8, 0.03: 0.04, 99: 100, 1e6: 1e6} {
		if got := roundUp(v); math.Abs(got-want) > 1e-9 {
			t.Errorf("roundUp(%v) = %v, want %v", v, got, want)
		}
	}
}

// Several charts can be drawn at once.
func TestAtOnce(t *testing.T) {
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			c := New(Bitrate, 0, "a")
			c.Add("a", 0, 1)
			draw(t, c)
		})
	}
	all.Wait()
}

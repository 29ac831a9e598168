// Package plot keeps what is measured of a connection and draws it as curves
// over time, in SVG.
//
//	bitrate := plot.New(plot.Bitrate, 100_000, "video", "audio")
//	bitrate.Add("video", time.Since(start), 512_000)
//	…
//	err := bitrate.SVG(w, plot.Dark)
//
// The drawing is done by go-chart; what is here chooses the axes and colours.
package plot

import (
	"fmt"
	"html"
	"io"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/wcharczuk/go-chart/v2"
	"github.com/wcharczuk/go-chart/v2/drawing"
)

const (
	// window is how much of the past is drawn.
	window = 2 * time.Minute
	// maxPoints bounds what a curve keeps, whoever adds to it; maxCurves is how
	// many colours there are.
	maxPoints = 600
	maxCurves = 6

	// most is the largest value.
	most = 1e15

	width, height = 480, 230
)

// A Chart is one diagram: curves of one unit over time. Its methods may be called
// from any goroutine.
type Chart struct {
	unit  func(float64) string
	least float64

	mu     sync.Mutex // guards all below
	curves []curve
}

// New returns a chart whose axis is written by unit and reaches least at the
// least, so that a small trembling does not fill the picture. Names, six at most,
// are those of its curves: each has a colour of its own, and is drawn once it
// has a value.
func New(unit func(float64) string, least float64, names ...string) *Chart {
	c := &Chart{unit: unit, least: least}
	for _, name := range names[:min(len(names), maxCurves)] {
		c.curves = append(c.curves, curve{name: name})
	}
	return c
}

type curve struct {
	name   string
	at     []float64 // seconds
	values []float64
}

// Add appends a value to a curve, at a time since whatever the chart begins
// with. What belongs to no curve, goes back in time, or is no number from 0 to 1e15
// is dropped.
func (c *Chart) Add(name string, at time.Duration, value float64) {
	if !(value >= 0 && value <= most) {
		return // no number among others
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.IndexFunc(c.curves, func(one curve) bool { return one.name == name })
	if i < 0 {
		return
	}
	one := &c.curves[i]
	if n := len(one.at); n > 0 && at.Seconds() <= one.at[n-1] {
		return
	}
	if len(one.at) == maxPoints {
		one.at, one.values = slices.Delete(one.at, 0, 1), slices.Delete(one.values, 0, 1)
	}
	one.at, one.values = append(one.at, at.Seconds()), append(one.values, value)
}

// A Theme is the colours of a drawing.
type Theme struct {
	ground, ink, line drawing.Color
	curves            []drawing.Color
}

// The themes, for light and for dark pages. The ground is transparent.
var (
	Light = theme("1b1f2a", "dfe3ea", "2f55d4", "13794b", "a15c07", "9333b8", "0e7490", "b3261e")
	Dark  = theme("e8eaf0", "353b47", "8aa6ff", "5fd39b", "f3b557", "d99bf5", "4fd1e8", "ff8a80")
)

func theme(ink, line string, curves ...string) Theme {
	t := Theme{ground: drawing.ColorTransparent, ink: drawing.ColorFromHex(ink), line: drawing.ColorFromHex(line)}
	for _, c := range curves {
		t.curves = append(t.curves, drawing.ColorFromHex(c))
	}
	return t
}

// font loads go-chart's font, which it would do itself without a lock.
var font = sync.OnceValues(chart.GetDefaultFont)

// SVG draws the chart.
func (c *Chart) SVG(w io.Writer, t Theme) error {
	letters, err := font()
	if err != nil {
		return err
	}
	series, last, top := c.series(t)
	first := max(0, last-window.Seconds())
	text := chart.Style{FontColor: t.ink, FontSize: 9, StrokeColor: t.line, StrokeWidth: 1}
	grid := chart.Style{StrokeColor: t.line, StrokeWidth: 1}
	drawn := chart.Chart{
		Width: width, Height: height, Font: letters,
		Background: chart.Style{FillColor: t.ground, StrokeColor: t.ground, Padding: chart.Box{Top: 16 + 17*((len(series)+1)/2), Left: 10, Right: 16, Bottom: 6}},
		Canvas:     chart.Style{FillColor: t.ground},
		XAxis: chart.XAxis{
			Style: text, TickStyle: text, GridMajorStyle: chart.Hidden(), GridMinorStyle: chart.Hidden(),
			Range: &chart.ContinuousRange{Min: first, Max: max(last, first+20)},
			Ticks: ticks(first, max(last, first+20), seconds),
		},
		YAxis: chart.YAxis{
			AxisType: chart.YAxisSecondary, // at the left
			Style:    text, TickStyle: text, GridMajorStyle: grid, GridMinorStyle: grid,
			Range: &chart.ContinuousRange{Min: 0, Max: top},
			Ticks: ticks(0, top, c.unit),
		},
		Series: series,
	}
	drawn.Elements = []chart.Renderable{t.legend(series)}
	return drawn.Render(chart.SVG, w)
}

// legend names the curves above the drawing, two in a row. (The library's own
// measures the letters of a font that few browsers have.)
func (t Theme) legend(series []chart.Series) chart.Renderable {
	return func(r chart.Renderer, _ chart.Box, defaults chart.Style) {
		for i, one := range series {
			x, y := 12+i%2*(width/2), 14+i/2*17
			r.SetStrokeColor(one.GetStyle().StrokeColor)
			r.SetStrokeWidth(3)
			r.MoveTo(x, y-4)
			r.LineTo(x+16, y-4)
			r.Stroke()
			chart.Draw.Text(r, html.EscapeString(one.GetName()), x+22, y, chart.Style{FontColor: t.ink, FontSize: 9, Font: defaults.Font})
		}
	}
}

// series returns the curves as they are to be drawn, the time of their newest
// point and the upper end of the axis.
func (c *Chart) series(t Theme) (series []chart.Series, last, top float64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, one := range c.curves {
		if n := len(one.at); n > 0 {
			last = max(last, one.at[n-1])
		}
	}
	top = c.least
	for i, one := range c.curves {
		from, _ := slices.BinarySearch(one.at, last-window.Seconds())
		at, values := slices.Clone(one.at[from:]), slices.Clone(one.values[from:])
		if len(at) == 0 {
			continue
		}
		top = max(top, slices.Max(values))
		series = append(series, chart.ContinuousSeries{
			Name: one.name, XValues: at, YValues: values,
			Style: chart.Style{StrokeColor: t.curves[i], StrokeWidth: 2},
		})
	}
	if len(series) == 0 { // the drawing needs one
		series = append(series, chart.ContinuousSeries{
			Name: "nothing yet", XValues: []float64{0, 1}, YValues: []float64{0, 0}, Style: chart.Style{StrokeColor: t.line, StrokeWidth: 1},
		})
	}
	return series, last, roundUp(top)
}

// roundUp returns the next of 1, 2, 4, 5, 10, … times a power of ten, which
// four equal steps divide well.
func roundUp(v float64) float64 {
	if v <= 0 {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(v)))
	for _, step := range []float64{1, 2, 4, 6, 8, 10} {
		if v <= step*power*(1+1e-9) {
			return step * power
		}
	}
	return 10 * power
}

// ticks are the ends of an axis and three places between.
func ticks(from, to float64, text func(float64) string) []chart.Tick {
	const steps = 4
	var all []chart.Tick
	for i := range steps + 1 {
		v := from + (to-from)*float64(i)/steps
		all = append(all, chart.Tick{Value: v, Label: text(v)})
	}
	return all
}

func seconds(v float64) string {
	s := int(math.Round(v))
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}

// Bitrate writes a number of bits per second.
func Bitrate(v float64) string {
	switch {
	case v >= 1e6:
		return fmt.Sprintf("%.1f Mbit/s", v/1e6)
	case v >= 1e3:
		return fmt.Sprintf("%.0f kbit/s", v/1e3)
	}
	return fmt.Sprintf("%.0f bit/s", v)
}

// Percent writes a share, of which 1 is the whole.
func Percent(v float64) string { return fmt.Sprintf("%.3g %%", 100*v) }

// Milliseconds writes a number of seconds.
func Milliseconds(v float64) string { return fmt.Sprintf("%.3g ms", 1000*v) }

package diagram

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"
)

// Style says what the output can show.
type Style struct {
	// Width is how many characters fit a line; 60 at least are used.
	Width int
	// Unicode allows box-drawing characters; without it all is ASCII.
	Unicode bool
	// Color allows ANSI colours.
	Color bool
	// Plain draws nothing and writes one line of words per event, for log files.
	Plain bool
}

// A Renderer draws events on a writer, each as it comes. It is not safe for
// concurrent use; a Log calls it as it should be called.
type Renderer struct {
	out     io.Writer
	style   Style
	glyphs  glyphs
	columns [parties]int // where the life lines are
	width   int
	headed  bool
	err     error
}

// glyphs are the characters of the drawing.
type glyphs struct {
	life, dash, cross, leave, enter, right, left, dot, rule, more string
}

var (
	unicodeGlyphs = glyphs{life: "│", dash: "─", cross: "┼", leave: "├", enter: "┤", right: "▶", left: "◀", dot: "●", rule: "─", more: "…"}
	asciiGlyphs   = glyphs{life: "|", dash: "-", cross: "+", leave: "|", enter: "|", right: ">", left: "<", dot: "*", rule: "-", more: "~"}
)

const (
	minWidth = 60
	maxWidth = 140
	gutter   = 11 // for the time
)

// weights share out the width between the columns: wide where labels go.
var weights = [parties - 1]int{28, 9, 13, 31}

// NewRenderer returns a renderer for a style. Nothing is written before the
// first event.
func NewRenderer(out io.Writer, style Style) *Renderer {
	r := &Renderer{out: out, style: style, glyphs: asciiGlyphs, width: min(max(style.Width, minWidth), maxWidth)}
	if style.Unicode {
		r.glyphs = unicodeGlyphs
	}
	total := 0
	for _, w := range weights {
		total += w
	}
	first := gutter + len("Peer A")/2
	space := r.width - first - len("Peer B")/2 - 1
	sum := 0
	for i := range r.columns {
		r.columns[i] = first + space*sum/total
		if i < len(weights) {
			sum += weights[i]
		}
	}
	return r
}

// Err returns the first error of the writer.
func (r *Renderer) Err() error { return r.err }

// Draw draws an event, with the headings before the first.
func (r *Renderer) Draw(e Event) {
	if r.style.Plain {
		r.write(plain(e))
		return
	}
	if !r.headed {
		r.headed = true
		r.head()
	}
	if e.IsNote() {
		r.note(e)
		return
	}
	r.arrow(e)
}

// Close draws the foot of the diagram.
func (r *Renderer) Close() {
	if r.headed && !r.style.Plain {
		r.write(r.lifelines().String())
	}
}

func plain(e Event) string {
	where := e.From.String()
	if !e.IsNote() {
		where += " -> " + e.To.String()
	}
	return fmt.Sprintf("%s  %-26s  %s", stamp(e.At), where, e.Text)
}

// stamp is a time in nine characters.
func stamp(at time.Duration) string {
	return fmt.Sprintf("%7.1fms", float64(at.Microseconds())/1000)
}

func (r *Renderer) write(line string) {
	if _, err := io.WriteString(r.out, strings.TrimRight(line, " ")+"\n"); err != nil && r.err == nil {
		r.err = err
	}
}

func (r *Renderer) head() {
	names := newLine(r.width)
	for p := range parties {
		name := p.String()
		if p == Signal && r.width < 90 {
			name = "Signal"
		}
		names.put(r.columns[p]-len(name)/2, name, "")
	}
	r.write(r.paint(names, "\x1b[1m"))
	r.write(r.lifelines().String())
}

func (r *Renderer) lifelines() *line {
	l := newLine(r.width)
	for _, c := range r.columns {
		l.put(c, r.glyphs.life, "")
	}
	return l
}

// note puts a dot on the party's life line and the text beside it, where there
// is room: to the left for the last party, to the right for the others.
func (r *Renderer) note(e Event) {
	l := r.lifelines()
	l.put(0, stamp(e.At), dim)
	column := r.columns[e.From]
	l.put(column, r.glyphs.dot, colors[e.Kind])
	if e.From == PeerB {
		text := r.fit(e.Text, column-gutter-4)
		l.put(column-2-utf8.RuneCountInString(text), text, colors[e.Kind])
	} else {
		l.put(column+2, r.fit(e.Text, r.width-column-3), colors[e.Kind])
	}
	r.write(r.paint(l, ""))
}

// arrow draws the message in its line if the text fits between the two life
// lines, else the text above the arrow.
func (r *Renderer) arrow(e Event) {
	from, to := r.columns[e.From], r.columns[e.To]
	low, high := min(from, to), max(from, to)
	color := colors[e.Kind]
	l := r.lifelines()
	room := high - low - 4 // the arrow head and a space on each side, or two
	length := utf8.RuneCountInString(e.Text)
	if length > room {
		above := r.lifelines()
		text := r.fit(e.Text, r.width-gutter-1)
		at := (low + high - utf8.RuneCountInString(text)) / 2
		at = max(gutter, min(at, r.width-utf8.RuneCountInString(text)))
		above.put(at-1, " "+text+" ", color)
		above.put(0, stamp(e.At), dim)
		r.write(r.paint(above, ""))
	} else {
		l.put(0, stamp(e.At), dim)
	}
	for c := low + 1; c < high; c++ {
		l.put(c, r.glyphs.dash, color)
	}
	for _, c := range r.columns {
		if low < c && c < high {
			l.put(c, r.glyphs.cross, color)
		}
	}
	if from < to {
		l.put(low, r.glyphs.leave, color)
		l.put(high-1, r.glyphs.right, color)
	} else {
		l.put(high, r.glyphs.enter, color)
		l.put(low+1, r.glyphs.left, color)
	}
	if length <= room {
		l.put(low+1+(high-low-1-length)/2-1, " "+e.Text+" ", color)
	}
	r.write(r.paint(l, ""))
}

// fit cuts a text that is too long.
func (r *Renderer) fit(text string, room int) string {
	if utf8.RuneCountInString(text) <= room {
		return text
	}
	return string([]rune(text)[:max(room-1, 0)]) + r.glyphs.more
}

const dim = "\x1b[2m"

// colors are ANSI colours that are readable on light and dark grounds.
var colors = map[Kind]string{
	KindState: "\x1b[2m", KindSTUN: "\x1b[36m", KindSignal: "\x1b[34m",
	KindCheck: "\x1b[33m", KindDTLS: "\x1b[35m", KindData: "\x1b[32m", KindMedia: "\x1b[31m",
}

// A line is a row of cells, each a character and its colour.
type line struct {
	runes  []rune
	colors []string
}

func newLine(width int) *line {
	l := &line{runes: make([]rune, width), colors: make([]string, width)}
	for i := range l.runes {
		l.runes[i] = ' '
	}
	return l
}

// put writes a text over the cells from column at on; what is beyond the ends
// is dropped.
func (l *line) put(at int, text, color string) {
	for _, c := range text {
		if at >= 0 && at < len(l.runes) {
			l.runes[at], l.colors[at] = c, color
		}
		at++
	}
}

func (l *line) String() string { return string(l.runes) }

// paint returns the line with its colours, if the style has any; all gives the
// cells without one a colour.
func (r *Renderer) paint(l *line, all string) string {
	if !r.style.Color {
		return l.String()
	}
	var b strings.Builder
	now := ""
	for i, c := range l.runes {
		want := l.colors[i]
		if want == "" {
			want = all
		}
		if want != now {
			if now != "" {
				b.WriteString("\x1b[0m")
			}
			b.WriteString(want)
			now = want
		}
		b.WriteRune(c)
	}
	if now != "" {
		b.WriteString("\x1b[0m")
	}
	return b.String()
}

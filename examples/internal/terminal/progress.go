package terminal

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/parleyrtc/webrtc/examples/internal/diagram"
)

// Redrawing more often than this is not seen.
const redraw = 50 * time.Millisecond

// A Progress shows how far something of a known size is. On a live output it is
// a bar that moves; elsewhere it is a line for every quarter.
type Progress struct {
	out   io.Writer
	style diagram.Style
	live  bool
	total int64
	now   func() time.Time
	start time.Time

	mu    sync.Mutex // guards all below
	drawn time.Time
	shown int64 // quarters told on an output that is not live
}

// NewProgress starts a progress of total bytes now.
func NewProgress(out io.Writer, style diagram.Style, live bool, total int64) *Progress {
	p := &Progress{out: out, style: style, live: live, total: total, now: time.Now}
	p.start = p.now()
	return p
}

// Set says how many bytes are done. It may be called from any goroutine.
func (p *Progress) Set(done int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	if !p.live {
		if quarter := 4 * done / max(p.total, 1); quarter > p.shown {
			p.shown = quarter
			fmt.Fprintln(p.out, p.line(done, now.Sub(p.start)))
		}
		return
	}
	if done < p.total && now.Sub(p.drawn) < redraw {
		return
	}
	p.drawn = now
	fmt.Fprint(p.out, "\r"+p.line(done, now.Sub(p.start))+"\x1b[K")
}

// Done ends the progress and its line.
func (p *Progress) Done() {
	if p.live {
		fmt.Fprintln(p.out)
	}
}

// line is the bar with what it says: share, amount, rate and the time to go.
func (p *Progress) line(done int64, elapsed time.Duration) string {
	rate := float64(done) / max(elapsed.Seconds(), 1e-6)
	left := "-:--"
	if rate > 0 {
		left = clock(time.Duration(float64(p.total-done) / rate * float64(time.Second)))
	}
	facts := fmt.Sprintf(" %3d%%  %9s  %11s  ETA %s", 100*done/max(p.total, 1), Size(done), Rate(done, elapsed), left)
	return "  " + p.bar(done, p.style.Width-len(facts)-4) + facts
}

func (p *Progress) bar(done int64, width int) string {
	width = max(10, min(width, 50))
	full, empty := "#", "."
	if p.style.Unicode {
		full, empty = "█", "░"
	}
	n := int(int64(width) * done / max(p.total, 1))
	bar := strings.Repeat(full, n)
	if p.style.Color {
		bar = "\x1b[32m" + bar + "\x1b[0m"
	}
	return bar + strings.Repeat(empty, width-n)
}

func clock(d time.Duration) string {
	seconds := int(d.Round(time.Second).Seconds())
	return fmt.Sprintf("%d:%02d", seconds/60, seconds%60)
}

// Size writes a number of bytes in binary units.
func Size(n int64) string {
	switch {
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	case n >= 1<<10:
		return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%d B", n)
}

// Rate writes how fast n bytes went.
func Rate(n int64, elapsed time.Duration) string {
	return Size(int64(float64(n)/max(elapsed.Seconds(), 1e-6))) + "/s"
}

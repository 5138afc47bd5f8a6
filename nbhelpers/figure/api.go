package figure

import (
	"github.com/headstart-nb/headstart/nbhelpers/display"
)

func Layers(d LayersData) display.Bundle           { return display.Text(d.Title) }
func Reliability(d ReliabilityData) display.Bundle { return display.Text(d.Title) }
func Heat(d HeatData) display.Bundle               { return display.Text(d.Title) }
func Epochs(d EpochsData) display.Bundle           { return display.Text(d.Title) }
func Trials(d TrialsData) display.Bundle           { return display.Text(d.Title) }
func FeatureMap(d FeatureMapData) display.Bundle   { return display.Text(d.Title) }
func Table(d TableData) display.Bundle             { return display.Text(d.Title) }
func Progress(d ProgressData) display.Bundle       { return display.Text(d.Text(80)) }

"""C#, F# and VB.NET."""

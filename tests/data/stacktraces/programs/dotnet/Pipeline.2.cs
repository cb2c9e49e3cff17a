using System;
namespace MediatR.Pipeline
{
    public class Middleware
    {
        public void Next(Action work) { work(); GC.KeepAlive(this); }
    }

    public class Pipeline
    {
        public void Invoke(Action work) { Run(() => new Middleware().Next(work)); }
        void Run(Action work) { work(); GC.KeepAlive(this); }
    }
}

using System;
namespace MediatR.Pipeline
{
    public class Pipeline
    {
        public void Invoke(Action work) { work(); GC.KeepAlive(this); }
    }
}
